#include "mesh/edge/http2_connection.h"

#include <sys/types.h>

#include <boost/asio/buffer.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::edge {
namespace {

// One TLS record of the largest size and its overhead.
constexpr std::size_t kInputBytes = (16 << 10) + 512;
constexpr std::size_t kPlainBytes = 16 << 10;
// What a connection that is closed may still take of its peer's input.
constexpr int kLastReads = 16;

absl::Status Ended(absl::string_view why) {
  return absl::UnavailableError(why);
}

// Closed over input that nobody has read, a socket is reset, and with it may go
// what we said last, before the peer has read it (RFC 9112, 9.6). What is there
// already is read, so much and no more.
void Discard(boost::asio::ip::tcp::socket& socket) {
  char waste[kPlainBytes];
  boost::system::error_code error;
  socket.shutdown(boost::asio::socket_base::shutdown_send, error);
  error.clear();
  for (int i = 0; i < kLastReads && !error; ++i)
    socket.read_some(boost::asio::buffer(waste), error);
}

absl::string_view View(const std::uint8_t* data, std::size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace

struct Http2Connection::CallbackTable {
  static Http2Connection* Of(void* user) {
    return static_cast<Http2Connection*>(user);
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* table = nullptr;
    CheckOpenSsl(nghttp2_session_callbacks_new(&table) == 0,
                 "nghttp2_session_callbacks_new");
    nghttp2_session_callbacks_set_on_begin_frame_callback(
        table, [](nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
          return Of(user)->OnBeginFrame(*head);
        });
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          return Of(user)->OnBeginHeaders(*frame);
        });
    nghttp2_session_callbacks_set_on_header_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame,
                  const std::uint8_t* name, std::size_t name_size,
                  const std::uint8_t* value, std::size_t value_size,
                  std::uint8_t, void* user) {
          return Of(user)->OnHeader(*frame, View(name, name_size),
                                    View(value, value_size));
        });
    nghttp2_session_callbacks_set_on_invalid_header_callback(
        table,
        [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t*,
           std::size_t name_size, const std::uint8_t*, std::size_t value_size,
           std::uint8_t, void* user) {
          return Of(user)->OnInvalidHeader(*frame, name_size + value_size);
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          return Of(user)->OnFrame(*frame);
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        table, [](nghttp2_session*, std::uint8_t, std::int32_t stream,
                  const std::uint8_t* data, std::size_t size, void* user) {
          return Of(user)->OnData(stream, View(data, size));
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        table,
        [](nghttp2_session*, std::int32_t stream, std::uint32_t code,
           void* user) { return Of(user)->OnStreamClosed(stream, code); });
    nghttp2_session_callbacks_set_on_frame_send_callback(
        table, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          return Of(user)->OnFrameSent(*frame);
        });
    return table;
  }
};

const nghttp2_session_callbacks* Http2Connection::Callbacks() {
  static const nghttp2_session_callbacks* const table = CallbackTable::Make();
  return table;
}

Http2Connection::Http2Connection(Worker& worker, Socket socket, SSL* ssl,
                                 const Bounds& bounds)
    : worker_(worker),
      bounds_(bounds),
      socket_(std::move(socket)),
      tls_(ssl),
      handshake_timer_(worker.timers(),
                       [this] { Close(Ended("the handshake took too long")); }),
      write_timer_(worker.timers(),
                   [this] { Close(Ended("the peer takes no output")); }) {}

Http2Connection::~Http2Connection() {
  worker_.Forget(*this);
  nghttp2_session_del(session_);
}

void Http2Connection::Abandon() {
  closed_ = true;
  handshake_timer_.Cancel();
  write_timer_.Cancel();
  worker_.Forget(*this);
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Http2Connection::Begin() {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  handshake_timer_.Set(bounds_.handshake_time);
  if (ContinueHandshake()) return;  // impossible without input
  if (closed_) return;
  Touch();
  StartRead();
}

void Http2Connection::Terminate(std::uint32_t code) {
  nghttp2_session_terminate_session(session_, code);
  Touch();
}

void Http2Connection::Close(const absl::Status& why) {
  if (closed_) return;
  const auto self = shared_from_this();
  closed_ = true;
  handshake_timer_.Cancel();
  write_timer_.Cancel();
  worker_.Forget(*this);
  // What is ready goes out if the socket takes it at once: an alert that says
  // why, or a goodbye, so that the peer can tell an end from a cut.
  boost::system::error_code ignored;
  if (secured_) tls_.SayGoodbye();
  if (!waiting_for_socket_ && !tls_.output().empty()) {
    socket_.write_some(
        boost::asio::buffer(tls_.output().data(), tls_.output().size()),
        ignored);
  }
  if (secured_) Discard(socket_);
  socket_.close(ignored);
  OnClosed(why);
}

// Waits for input without memory for it: most connections are idle at any time.
void Http2Connection::StartRead() {
  if (reading_ || closed_) return;
  reading_ = true;
  socket_.async_wait(
      Socket::wait_read,
      [self = shared_from_this()](const boost::system::error_code& error) {
        self->reading_ = false;
        if (!self->closed_) self->ReadSocket(error);
      });
}

void Http2Connection::ReadSocket(boost::system::error_code error) {
  // All of it has been handled before this returns: TLS keeps what is half a
  // record.
  static thread_local std::vector<char> input(kInputBytes);
  std::size_t size = 0;
  if (!error) size = socket_.read_some(boost::asio::buffer(input), error);
  if (error == boost::asio::error::would_block) {
    StartRead();
  } else if (error) {
    Close(Ended(absl::StrCat("the connection ended: ", error.message())));
  } else {
    HandleInput(absl::string_view(input.data(), size));
  }
}

void Http2Connection::HandleInput(absl::string_view cipher) {
  heard_ = true;
  tls_.SetInput(cipher);
  if (secured_ || ContinueHandshake()) ReadFrames();
  if (closed_) return;
  Touch();
  // A peer that does not take what we owe it is not listened to either.
  if (!waiting_for_socket_) StartRead();
}

bool Http2Connection::ContinueHandshake() {
  switch (tls_.Handshake()) {
    case TlsSession::Step::kWantsInput:
      return false;
    case TlsSession::Step::kFailed:
      Close(tls_.error().ok() ? Ended("the peer left during the handshake")
                              : tls_.error());
      return false;
    case TlsSession::Step::kDone:
      break;
  }
  absl::StatusOr<std::shared_ptr<const PeerIdentity>> peer =
      TlsConfig::PeerOf(tls_.ssl());
  if (!peer.ok()) {
    Close(peer.status());
    return false;
  }
  absl::StatusOr<nghttp2_session*> session = OnSecured(*std::move(peer));
  if (!session.ok()) {
    Close(session.status());
    return false;
  }
  tls_.ForgetHandshake();
  session_ = *session;
  secured_ = true;
  handshake_timer_.Cancel();
  return true;
}

void Http2Connection::ReadFrames() {
  char plain[kPlainBytes];
  for (;;) {
    std::size_t size = 0;
    const TlsSession::Step step = tls_.Read(plain, sizeof plain, &size);
    if (step == TlsSession::Step::kWantsInput) break;
    if (step == TlsSession::Step::kFailed) {
      // What came before the end still counts.
      AfterInput();
      Close(tls_.error().ok() ? Ended("the peer closed the connection")
                              : tls_.error());
      return;
    }
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(plain), size);
    if (taken < 0) {
      AfterInput();
      Close(Ended(absl::StrCat("HTTP/2 failed: ",
                               nghttp2_strerror(static_cast<int>(taken)))));
      return;
    }
  }
  AfterInput();
}

void Http2Connection::EndTurn() {
  const auto self = shared_from_this();
  if (closed_ || waiting_for_socket_) return;
  if (!MakeOutput()) return;
  Send();
}

bool Http2Connection::MakeOutput() {
  if (session_ == nullptr) return true;
  static thread_local std::string plain;
  while (tls_.output().size() < bounds_.output_bytes) {
    plain.clear();
    while (plain.size() < kPlainBytes) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) {
        Close(Ended(absl::StrCat("HTTP/2 failed: ",
                                 nghttp2_strerror(static_cast<int>(size)))));
        return false;
      }
      if (size == 0) break;
      plain.append(reinterpret_cast<const char*>(data),
                   static_cast<std::size_t>(size));
    }
    if (plain.empty()) break;
    if (!tls_.Write(plain)) {
      Close(tls_.error());
      return false;
    }
  }
  AfterOutput();
  return !closed_;
}

void Http2Connection::Send() {
  while (!tls_.output().empty()) {
    boost::system::error_code error;
    const std::size_t size = socket_.write_some(
        boost::asio::buffer(tls_.output().data(), tls_.output().size()), error);
    if (error == boost::asio::error::would_block) {
      WaitForSocket();
      return;
    }
    if (error) {
      Close(Ended(absl::StrCat("the connection ended: ", error.message())));
      return;
    }
    tls_.OutputSent(size);
  }
  write_timer_.Cancel();
  FinishIfDone();
}

void Http2Connection::WaitForSocket() {
  waiting_for_socket_ = true;
  write_timer_.Set(bounds_.write_time);
  socket_.async_wait(
      Socket::wait_write,
      [self = shared_from_this()](const boost::system::error_code& error) {
        self->waiting_for_socket_ = false;
        if (self->closed_) return;
        if (error) {
          self->Close(
              Ended(absl::StrCat("the connection ended: ", error.message())));
          return;
        }
        self->Send();
        if (self->closed_ || self->waiting_for_socket_) return;
        self->Touch();  // more may have gathered behind the full socket
        self->StartRead();
      });
}

void Http2Connection::FinishIfDone() {
  if (session_ == nullptr || !tls_.output().empty()) return;
  if (nghttp2_session_want_write(session_) != 0) {
    // More was left than one turn's output may hold.
    Touch();
    return;
  }
  if (nghttp2_session_want_read(session_) == 0)
    Close(Ended("the connection is done"));
}

}  // namespace psm::edge
