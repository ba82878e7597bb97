#include "tests/attack/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/edge/grpc_status.h"

namespace psm::attack {
namespace {

using edge::MakeFrame;
using edge::RawFrame;

constexpr int kTurn = 50;  // ms
constexpr std::size_t kHead = 9;
constexpr int kRecord = 16 << 10;

// Without blocking from then on; -1 where nobody takes it.
int ConnectTo(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  // The kernel shakes TCP's hands for a listener at once; where its queue is
  // full it would try again in a second, which nobody waits for.
  const timeval patience = {0, 200'000};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address),
              sizeof address) != 0) {
    close(descriptor);
    return -1;
  }
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return descriptor;
}

std::string ReasonIn(const RawFrame& trailers) {
  const std::string code = trailers.Field("grpc-status");
  const std::string reason = ReasonOf(edge::FromWireStatus(
      {edge::ParseStatusCode(code).value_or(-1), "",
       edge::DecodeBinary(trailers.Field("grpc-status-details-bin"))
           .value_or("")}));
  return reason.empty() ? "status " + code : reason;
}

}  // namespace

TlsContext NewTlsContext(const std::string& identity, const std::string& root) {
  std::signal(SIGPIPE, SIG_IGN);
  TlsContext context(SSL_CTX_new(TLS_method()));
  SSL_CTX* const tls = context.get();
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  SSL_CTX_set_mode(
      tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  static constexpr unsigned char kH2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(tls, kH2, sizeof kH2);
  SSL_CTX_set_alpn_select_cb(
      tls,
      [](SSL*, const unsigned char** out, unsigned char* size,
         const unsigned char*, unsigned, void*) {
        *out = kH2 + 1;
        *size = 2;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  const bool read =
      SSL_CTX_load_verify_locations(tls, root.c_str(), nullptr) == 1 &&
      SSL_CTX_use_certificate_chain_file(tls, identity.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(tls, identity.c_str(), SSL_FILETYPE_PEM) == 1;
  ERR_clear_error();
  return read ? std::move(context) : nullptr;
}

Wire::Wire(int socket, const Clock& clock, absl::Duration until,
           const Manners& manners)
    : socket_(socket), clock_(clock), until_(until), manners_(manners) {
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Closed with RST: what it leaves unread is nobody's any more.
  const linger at_once = {1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Wire::~Wire() {
  if (inflater_ != nullptr) nghttp2_hd_inflate_del(inflater_);
  SSL_free(ssl_);
  close(socket_);
  ERR_clear_error();
}

std::unique_ptr<Wire> Wire::Dial(int port, SSL_CTX* context, const Clock& clock,
                                 absl::Duration until, const Manners& manners) {
  const int descriptor = ConnectTo(port);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<Wire> wire(new Wire(descriptor, clock, until, manners));
  return wire->ShakeHands(context, true) ? std::move(wire) : nullptr;
}

std::unique_ptr<Wire> Wire::DialBare(int port, const Clock& clock,
                                     absl::Duration until) {
  const int descriptor = ConnectTo(port);
  if (descriptor < 0) return nullptr;
  return std::unique_ptr<Wire>(new Wire(descriptor, clock, until, {}));
}

std::unique_ptr<Wire> Wire::Accept(int listener, SSL_CTX* context,
                                   const Clock& clock, absl::Duration until) {
  const int descriptor =
      accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<Wire> wire(new Wire(descriptor, clock, until, {}));
  return wire->ShakeHands(context, false) ? std::move(wire) : nullptr;
}

bool Wire::ShakeHands(SSL_CTX* context, bool client) {
  client_ = client;
  if (!client) preface_ = NGHTTP2_CLIENT_MAGIC_LEN;
  nghttp2_hd_inflate_new(&inflater_);
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, socket_);
  while (!TimeIsUp()) {
    ERR_clear_error();
    const int done = client ? SSL_connect(ssl_) : SSL_accept(ssl_);
    if (done == 1) return true;
    const int why = SSL_get_error(ssl_, done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return false;
    WaitFor(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
  }
  return false;
}

void Wire::WaitFor(short events) {
  if (manners_.deaf) events = (events & POLLOUT) | POLLRDHUP;
  pollfd socket = {socket_, events, 0};
  poll(&socket, 1, kTurn);
  // Who does not read sees the end here.
  if (manners_.deaf && (socket.revents & (POLLERR | POLLHUP | POLLRDHUP)) != 0)
    broken_ = true;
}

// Bytes moved, 0 where the socket is not ready, -1 at the connection's end.
int Wire::ReadSome(char* buffer, int size) {
  if (ssl_ == nullptr) {
    const ssize_t got =
        recv(socket_, buffer, static_cast<std::size_t>(size), 0);
    if (got < 0 && errno == EAGAIN) return 0;
    return got <= 0 ? -1 : static_cast<int>(got);
  }
  ERR_clear_error();
  const int got = SSL_read(ssl_, buffer, size);
  if (got > 0) return got;
  const int why = SSL_get_error(ssl_, got);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

int Wire::WriteSome(const char* bytes, int size) {
  if (ssl_ == nullptr) {
    const ssize_t sent =
        send(socket_, bytes, static_cast<std::size_t>(size), 0);
    if (sent < 0 && errno == EAGAIN) return 0;
    return sent <= 0 ? -1 : static_cast<int>(sent);
  }
  ERR_clear_error();
  const int sent = SSL_write(ssl_, bytes, size);
  if (sent > 0) return sent;
  const int why = SSL_get_error(ssl_, sent);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

bool Wire::Flush() {
  std::size_t at = 0;
  while (open_ && at < output_.size()) {
    const int size =
        static_cast<int>(std::min<std::size_t>(output_.size() - at, kRecord));
    const int sent = WriteSome(output_.data() + at, size);
    if (sent == 0) break;
    // What the other side said last is still to be read.
    if (sent < 0) broken_ = true;
    if (sent < 0) break;
    at += static_cast<std::size_t>(sent);
  }
  output_.erase(0, at);
  return output_.empty();
}

bool Wire::Poll() {
  char buffer[kRecord];
  if (!manners_.deaf || broken_) {
    while (open_) {
      const int got = ReadSome(buffer, kRecord);
      if (got == 0) break;
      if (got < 0) open_ = false;
      if (got > 0 && ssl_ != nullptr)
        Hear(absl::string_view(buffer, static_cast<std::size_t>(got)));
    }
  }
  if (open_ && !broken_) Flush();
  if (broken_) open_ = false;
  return open_;
}

bool Wire::Send(absl::string_view bytes) {
  output_.append(bytes.data(), bytes.size());
  while (Poll() && !output_.empty()) {
    if (TimeIsUp()) return false;
    WaitFor(POLLIN | POLLOUT);
  }
  return open_;
}

bool Wire::SayHello(const std::string& settings) {
  return Send((client_ ? std::string(NGHTTP2_CLIENT_MAGIC) : std::string()) +
              MakeFrame(NGHTTP2_SETTINGS, 0, 0, settings));
}

bool Wire::Await(const std::function<bool()>& reached,
                 absl::Duration patience) {
  const absl::Duration limit = clock_.Monotonic() + patience;
  while (Poll()) {
    if (reached()) return true;
    if (TimeIsUp() || clock_.Monotonic() >= limit) return false;
    WaitFor(output_.empty() ? POLLIN : POLLIN | POLLOUT);
  }
  return reached();
}

void Wire::Hear(absl::string_view bytes) {
  const std::size_t preface = std::min(preface_, bytes.size());
  preface_ -= preface;
  input_.append(bytes.data() + preface, bytes.size() - preface);
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(
        static_cast<unsigned char>(input_[at + i]));
  };
  while (open_ && input_.size() - at >= kHead) {
    const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (input_.size() - at < kHead + size) break;
    RawFrame frame;
    frame.type = static_cast<std::uint8_t>(byte(3));
    frame.flags = static_cast<std::uint8_t>(byte(4));
    frame.stream = static_cast<std::int32_t>(
        (byte(5) & 127) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8));
    frame.payload = input_.substr(at + kHead, size);
    at += kHead + size;
    HearFrame(std::move(frame));
  }
  input_.erase(0, at);
}

void Wire::HearFrame(RawFrame frame) {
  heard_ = true;
  switch (frame.type) {
    case NGHTTP2_HEADERS:
      // None that we expect needs a CONTINUATION.
      frame.fields = edge::ReadHeaderBlock(inflater_, frame.payload)
                         .value_or(edge::RawFields());
      if (client_ && frame.ends_stream()) ++answers_[ReasonIn(frame)];
      break;
    case NGHTTP2_DATA:
      if (manners_.credits && !frame.payload.empty()) {
        const std::string size = edge::BigEndian(frame.payload.size(), 4);
        output_ += MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, 0, size);
        if (!frame.ends_stream())
          output_ += MakeFrame(NGHTTP2_WINDOW_UPDATE, 0, frame.stream, size);
      }
      break;
    case NGHTTP2_RST_STREAM:
      ++resets_[frame.ErrorCode()];
      break;
    case NGHTTP2_GOAWAY:
      // The last one counts: a notice may come before it.
      goaway_ = frame.ErrorCode();
      break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
      if (manners_.acknowledges && (frame.flags & NGHTTP2_FLAG_ACK) == 0) {
        output_ += MakeFrame(
            frame.type, NGHTTP2_FLAG_ACK, 0,
            frame.type == NGHTTP2_PING ? frame.payload : std::string());
      }
      break;
    default:
      break;
  }
  if (on_frame) on_frame(frame);
}

}  // namespace psm::attack
