#include "mesh/edge/provider_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/edge/field_list.h"
#include "mesh/edge/provider_pool.h"

namespace psm::edge {
namespace {

constexpr std::int32_t kStreamWindow = 256 << 10;
constexpr std::int32_t kConnectionWindow = 8 << 20;
// gRPC servers take two PINGs without data between them for a mistake, a third
// for an attack.
constexpr int kMaxPings = 2;
// A header list so many times the limit is an attack. The rest of its block
// would be unfolded even where its stream is reset, as HPACK's table is the
// connection's: 16,000 fields of any size out of one frame.
constexpr std::size_t kPatience = 8;

nghttp2_option* NewOptions() {
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  return options;
}

ssize_t ReadRequest(nghttp2_session* session, std::int32_t id,
                    std::uint8_t* buffer, std::size_t capacity,
                    std::uint32_t* flags, nghttp2_data_source*, void*) {
  auto* call = static_cast<UpstreamCall*>(
      nghttp2_session_get_stream_user_data(session, id));
  // A call that has ended takes its request with it.
  if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  return call->ReadRequest(buffer, capacity, flags);
}

}  // namespace

ProviderConnection::ProviderConnection(ProviderPool& pool, Socket socket,
                                       SSL* ssl,
                                       boost::asio::ip::tcp::endpoint endpoint)
    // The handshake is within the time for connecting, which has a timer here.
    : Http2Connection(pool.context().worker, std::move(socket), ssl,
                      {absl::InfiniteDuration(),
                       pool.context().limits.write_time, 256 << 10}),
      pool_(pool),
      limits_(pool.context().limits),
      endpoint_(std::move(endpoint)),
      authority_(endpoint_.address().is_v6()
                     ? absl::StrCat("[", endpoint_.address().to_string(),
                                    "]:", endpoint_.port())
                     : absl::StrCat(endpoint_.address().to_string(), ":",
                                    endpoint_.port())),
      connect_timer_(
          worker().timers(),
          [this] {
            if (peer_ != nullptr) {
              Retire();
            } else {
              Close(absl::UnavailableError("connecting took too long"));
            }
          }),
      alive_timer_(worker().timers(), [this] { CheckAlive(); }) {}

ProviderConnection::~ProviderConnection() = default;

void ProviderConnection::Dial() {
  connect_timer_.Set(limits_.connect_time);
  socket().async_connect(
      endpoint_, [this, self = shared_from_this()](
                     const boost::system::error_code& error) {
        if (closed()) return;
        if (error) {
          Close(absl::UnavailableError(error.message()));
          return;
        }
        // The kernel ends a connection whose other end has vanished.
        const int timeout =
            static_cast<int>(absl::ToInt64Milliseconds(limits_.write_time));
        setsockopt(socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT,
                   &timeout, sizeof timeout);
        Begin();
      });
}

absl::StatusOr<nghttp2_session*> ProviderConnection::OnSecured(
    std::shared_ptr<const PeerIdentity> peer) {
  if (peer->system != pool_.provider()) {
    return absl::UnauthenticatedError(absl::StrCat(
        "who answers is ", peer->system, " and not ", pool_.provider()));
  }
  static nghttp2_option* const options = NewOptions();
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new2(&session, Callbacks(), this, options) != 0)
    return absl::ResourceExhaustedError("no memory for an HTTP/2 session");
  peer_ = std::move(peer);
  connect_timer_.Set(TimeToReconnect(*peer_, worker().clock().Now()));
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(limits_.header_list_bytes)}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
                          std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        kConnectionWindow);
  return session;  // AfterInput tells the pool
}

bool ProviderConnection::HasRoom() {
  if (session() == nullptr || retiring_ || closed()) return false;
  const std::size_t peers = nghttp2_session_get_remote_settings(
      session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return open_streams_ < peers && open_streams_ < limits_.calls_in_flight;
}

void ProviderConnection::Submit(UpstreamCall& call) {
  FieldList& fields = FieldList::Scratch();
  call.AddFields(fields, authority_);
  nghttp2_data_provider provider;
  provider.source.ptr = nullptr;
  provider.read_callback = ReadRequest;
  const std::int32_t id = nghttp2_submit_request(
      session(), nullptr, fields.data(), fields.size(), &provider, &call);
  if (id < 0) {
    pool_.GiveBack(call, absl::UnavailableError(nghttp2_strerror(id)));
    return;
  }
  call.connection = this;
  call.stream = id;
  calls_.insert(&call);
  ++open_streams_;
  if (!alive_timer_.is_set()) alive_timer_.Set(limits_.ping_after);
  Touch();
  if (id >= limits_.last_stream_id) Retire();
}

void ProviderConnection::Release(UpstreamCall& call) {
  calls_.erase(&call);
  received_bytes_ -= call.received;
  call.connection = nullptr;
  const std::int32_t id = std::exchange(call.stream, 0);
  if (id == 0 || closed()) return;
  nghttp2_session_set_stream_user_data(session(), id, nullptr);
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  Touch();
}

void ProviderConnection::Retire() {
  if (std::exchange(retiring_, true)) return;
  pool_.Retired(*this);
  CloseIfDone();
}

void ProviderConnection::CloseIfDone() {
  if (retiring_ && open_streams_ == 0) Terminate(NGHTTP2_NO_ERROR);
}

void ProviderConnection::Forsake() {
  connect_timer_.Cancel();
  alive_timer_.Cancel();
  calls_.clear();
  Abandon();
}

void ProviderConnection::OnClosed(const absl::Status& why) {
  connect_timer_.Cancel();
  alive_timer_.Cancel();
  const std::vector<UpstreamCall*> calls(calls_.begin(), calls_.end());
  calls_.clear();
  for (UpstreamCall* call : calls) {
    call->connection = nullptr;
    call->stream = 0;
    if (call->ended()) continue;
    if (call->written) {
      // It may have been processed: repeating it is for those who know whether
      // that does harm.
      call->Fail(ProviderLost(pool_.provider(), why));
    } else {
      pool_.GiveBack(*call, why);
    }
  }
  pool_.Closed(*this, why);
}

void ProviderConnection::AfterInput() { pool_.Ready(); }

void ProviderConnection::AfterOutput() { pool_.Settle(); }

UpstreamCall* ProviderConnection::Find(std::int32_t id) {
  return static_cast<UpstreamCall*>(
      nghttp2_session_get_stream_user_data(session(), id));
}

int ProviderConnection::OnBeginFrame(const nghttp2_frame_hd& head) {
  if (head.type == NGHTTP2_HEADERS || head.type == NGHTTP2_DATA) pings_ = 0;
  return 0;
}

int ProviderConnection::OnBeginHeaders(const nghttp2_frame& frame) {
  field_bytes_ = 0;
  if (UpstreamCall* call = Find(frame.hd.stream_id)) call->BeginFields();
  return 0;
}

int ProviderConnection::CountField(std::size_t bytes) {
  field_bytes_ += bytes + 32;
  if (field_bytes_ <= kPatience * limits_.header_list_bytes) return 0;
  Terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int ProviderConnection::OnHeader(const nghttp2_frame& frame,
                                 absl::string_view name,
                                 absl::string_view value) {
  if (UpstreamCall* call = Find(frame.hd.stream_id))
    call->AddField(name, value);
  return CountField(name.size() + value.size());
}

int ProviderConnection::OnInvalidHeader(const nghttp2_frame& frame,
                                        std::size_t bytes) {
  if (UpstreamCall* call = Find(frame.hd.stream_id)) {
    call->Fail(AnswerMalformed(pool_.provider(),
                               "a metadata key or value is not allowed"));
  }
  return CountField(bytes);
}

int ProviderConnection::OnFrame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    Retire();
    return 0;
  }
  if (frame.hd.type == NGHTTP2_PING &&
      (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) {
    ping_sent_ = false;
    return 0;
  }
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA)
    return 0;
  UpstreamCall* call = Find(frame.hd.stream_id);
  if (call != nullptr && frame.hd.type == NGHTTP2_HEADERS) call->FieldsDone();
  if (call != nullptr && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    call->EndOfStream();
    // Both sides are done: no reset is needed when the call is let go.
    if (call->request_complete()) {
      nghttp2_session_set_stream_user_data(session(), frame.hd.stream_id,
                                           nullptr);
      call->stream = 0;
    }
  }
  return 0;
}

int ProviderConnection::OnData(std::int32_t stream_id,
                               absl::string_view bytes) {
  // The connection's credit goes back as bytes arrive, so that one slow reader
  // does not stop the others.
  UpstreamCall* call = Find(stream_id);
  if (call == nullptr || call->ended() || call->TakesAtOnce()) {
    nghttp2_session_consume(session(), stream_id, bytes.size());
  } else {
    nghttp2_session_consume_connection(session(), bytes.size());
  }
  if (call == nullptr) return 0;
  call->received += bytes.size();
  received_bytes_ += bytes.size();
  if (received_bytes_ > limits_.buffered_bytes) {
    call->Fail(AnswerTooLarge(pool_.provider()));
  } else {
    call->Received(bytes);
  }
  return 0;
}

void ProviderConnection::Taken(UpstreamCall& call, std::size_t bytes) {
  call.received -= bytes;
  received_bytes_ -= bytes;
  if (call.stream == 0) return;
  nghttp2_session_consume_stream(session(), call.stream, bytes);
  Touch();
}

void ProviderConnection::Resume(UpstreamCall& call) {
  nghttp2_session_resume_data(session(), call.stream);
  Touch();
}

int ProviderConnection::OnStreamClosed(std::int32_t stream_id,
                                       std::uint32_t code) {
  --open_streams_;
  if (UpstreamCall* call = Find(stream_id)) {
    nghttp2_session_set_stream_user_data(session(), stream_id, nullptr);
    call->stream = 0;
    if (call->ended()) {
      // Its end is on its way already.
    } else if (code == NGHTTP2_REFUSED_STREAM) {
      // RFC 9113, 8.7: not processed. So are streams above the id of a GOAWAY,
      // which nghttp2 closes with this code.
      Release(*call);
      pool_.GiveBack(*call, absl::UnavailableError("the stream was refused"));
    } else {
      call->OnReset(code);
    }
  }
  CloseIfDone();
  return 0;
}

int ProviderConnection::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS) {
    if (UpstreamCall* call = Find(frame.hd.stream_id)) call->written = true;
  }
  return 0;
}

// A provider that has stopped (a process that hangs, not one that ended) keeps
// its socket: PINGs tell.
void ProviderConnection::CheckAlive() {
  if (TakeHeard()) ping_sent_ = false;
  if (ping_sent_) {
    Close(absl::UnavailableError("no answer to a PING"));
    return;
  }
  if (calls_.empty()) return;  // the next call sets the timer again
  if (pings_ < kMaxPings) {
    ++pings_;
    ping_sent_ = true;
    nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
    Touch();
    alive_timer_.Set(limits_.ping_time);
  } else {
    alive_timer_.Set(limits_.ping_after);
  }
}

}  // namespace psm::edge
