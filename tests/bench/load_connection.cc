#include "tests/bench/load_connection.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace psm::bench {
namespace {

// Large enough that credit never holds a call up.
constexpr std::int32_t kStreamWindow = 1 << 20;
constexpr std::int32_t kConnectionWindow = 16 << 20;
// The connection's end is the peer's or the race's.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr std::size_t kOutputBytes = 256 << 10;

Caller* CallerOf(nghttp2_session* session, std::int32_t stream) {
  return static_cast<Caller*>(
      nghttp2_session_get_stream_user_data(session, stream));
}

ssize_t ReadMessage(nghttp2_session*, std::int32_t, std::uint8_t* buffer,
                    std::size_t capacity, std::uint32_t* flags,
                    nghttp2_data_source* source, void*) {
  Caller& caller = *static_cast<Caller*>(source->ptr);
  const std::string& message = *caller.message;
  std::size_t size = 0;
  if (caller.sent < edge::kMessagePrefix) {
    char prefix[edge::kMessagePrefix];
    edge::WriteMessagePrefix(false, message.size(), prefix);
    size = std::min(edge::kMessagePrefix - caller.sent, capacity);
    std::memcpy(buffer, prefix + caller.sent, size);
    caller.sent += size;
  }
  if (caller.sent >= edge::kMessagePrefix) {
    const std::size_t at = caller.sent - edge::kMessagePrefix;
    const std::size_t count = std::min(message.size() - at, capacity - size);
    std::memcpy(buffer + size, message.data() + at, count);
    caller.sent += count;
    size += count;
  }
  if (caller.sent == edge::kMessagePrefix + message.size())
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

}  // namespace

LoadConnection::LoadConnection(edge::Worker& worker, SSL* ssl,
                               LoadEvents& events,
                               const std::vector<nghttp2_nv>& fields)
    : Http2Connection(worker, Socket(worker.io()), ssl,
                      {kPatience, kPatience, kOutputBytes}),
      events_(events),
      fields_(fields) {}

void LoadConnection::Dial(const boost::asio::ip::tcp::endpoint& endpoint) {
  socket().async_connect(endpoint, [this, self = shared_from_this()](
                                       const boost::system::error_code& error) {
    if (closed()) return;
    if (error) {
      Close(absl::UnavailableError(
          absl::StrCat("cannot connect: ", error.message())));
    } else {
      Begin();
    }
  });
}

void LoadConnection::Submit(Caller& caller) {
  caller.sent = 0;
  caller.http_status.clear();
  caller.grpc_status.clear();
  nghttp2_data_provider provider;
  provider.source.ptr = &caller;
  provider.read_callback = ReadMessage;
  const std::int32_t id = nghttp2_submit_request(
      session(), nullptr, fields_.data(), fields_.size(), &provider, &caller);
  if (id < 0) {
    events_.Broken(absl::InternalError(nghttp2_strerror(id)));
    return;
  }
  Touch();
}

absl::StatusOr<nghttp2_session*> LoadConnection::OnSecured(
    std::shared_ptr<const edge::PeerIdentity>) {
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new(&session, Callbacks(), this) != 0)
    return absl::ResourceExhaustedError("no memory for an HTTP/2 session");
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
                          std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        kConnectionWindow);
  return session;
}

void LoadConnection::OnClosed(const absl::Status& why) { events_.Broken(why); }

int LoadConnection::OnHeader(const nghttp2_frame& frame, absl::string_view name,
                             absl::string_view value) {
  Caller* caller = CallerOf(session(), frame.hd.stream_id);
  if (caller == nullptr) return 0;
  if (name == ":status") {
    caller->http_status = std::string(value);
  } else if (name == "grpc-status") {
    caller->grpc_status = std::string(value);
  } else if (name == "grpc-message") {
    caller->grpc_message = std::string(value);
  }
  return 0;
}

int LoadConnection::OnFrame(const nghttp2_frame& frame) {
  // The peer's SETTINGS say how many calls it takes at once.
  if (frame.hd.type == NGHTTP2_SETTINGS &&
      (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0 && !std::exchange(ready_, true))
    events_.Ready();
  if (frame.hd.type == NGHTTP2_GOAWAY)
    events_.Broken(absl::UnavailableError("the peer says GOAWAY"));
  return 0;
}

int LoadConnection::OnStreamClosed(std::int32_t stream, std::uint32_t code) {
  Caller* caller = CallerOf(session(), stream);
  if (caller == nullptr) return 0;
  nghttp2_session_set_stream_user_data(session(), stream, nullptr);
  if (code == NGHTTP2_NO_ERROR && caller->grpc_status == "0") {
    events_.Ended(*caller, absl::OkStatus());
  } else {
    events_.Ended(*caller, absl::UnavailableError(absl::StrCat(
                               "a call ended with HTTP status ",
                               caller->http_status, ", gRPC status ",
                               caller->grpc_status, " ", caller->grpc_message,
                               ", ", nghttp2_http2_strerror(code))));
  }
  return 0;
}

}  // namespace psm::bench
