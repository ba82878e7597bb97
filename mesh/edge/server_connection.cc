#include "mesh/edge/server_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/edge/http2_memory.h"
#include "mesh/edge/server_stream.h"

namespace psm::edge {
namespace {

// What all streams of a connection may have under way; credit is returned on
// receipt, so this bounds a burst, not memory.
constexpr std::int32_t kConnectionWindow = 1 << 20;
// Frames that nghttp2 may owe as answers (ACKs, resets) before it gives up.
constexpr std::size_t kMaxOutboundAcks = 1000;
// Of one header block: what is within the limits fits its HEADERS. nghttp2
// takes eight and then fails (CVE-2024-28182), so that no GOAWAY could be said.
constexpr int kMostContinuations = 7;
// HEADERS and the eight CONTINUATIONs that nghttp2 takes; of those of a stream
// that it refuses we hear nothing.
constexpr std::size_t kLongestBlock = 9 << 14;
// Between the notice that no more streams are wanted and the last GOAWAY: the
// answer to a PING, or this.
constexpr absl::Duration kDrainGrace = absl::Seconds(1);
constexpr std::uint8_t kDrainPing[8] = {'p', 's', 'm', 'd', 'r', 'a', 'i', 'n'};

nghttp2_option* NewOptions() {
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_outbound_ack(options, kMaxOutboundAcks);
  return options;
}

}  // namespace

ServerConnection::ServerConnection(ServerShard& shard, Socket socket, SSL* ssl)
    : Http2Connection(shard.worker(), std::move(socket), ssl,
                      {shard.limits().handshake_time, shard.limits().write_time,
                       shard.limits().output_bytes}),
      shard_(shard),
      frames_(shard.limits().frames),
      dead_streams_(shard.limits().dead_streams),
      settings_timer_(shard.worker().timers(),
                      [this] {
                        if (draining_) {
                          SayLastGoaway();
                        } else {
                          Terminate(NGHTTP2_SETTINGS_TIMEOUT);
                        }
                      }),
      head_timer_(shard.worker().timers(),
                  [this] { Terminate(NGHTTP2_ENHANCE_YOUR_CALM); }),
      idle_timer_(shard.worker().timers(), [this] { CheckIdle(); }),
      renew_timer_(shard.worker().timers(), [this] { Drain(); }) {}

ServerConnection::~ServerConnection() = default;

absl::StatusOr<nghttp2_session*> ServerConnection::OnSecured(
    std::shared_ptr<const PeerIdentity> peer) {
  absl::Status valid = shard_.tls().CheckPeer(*peer, worker().clock().Now());
  if (!valid.ok()) return valid;
  if (!shard_.peer_connections().Add(peer->system)) {
    return absl::ResourceExhaustedError(
        absl::StrCat(peer->system, " has too many connections"));
  }
  peer_ = std::move(peer);
  share_ = shard_.ShareOf(peer_->system);

  static nghttp2_option* const options = NewOptions();
  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new3(&session, Callbacks(), this, options,
                                  SparseMemory()) != 0)
    return absl::ResourceExhaustedError("no memory for an HTTP/2 session");
  const ServerLimits& limits = shard_.limits();
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(limits.header_list_bytes)}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
                          std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        kConnectionWindow);
  settings_timer_.Set(limits.settings_time);
  last_used_ = Now();
  idle_timer_.Set(limits.idle_time);
  renew_timer_.Set(TimeToReconnect(*peer_, worker().clock().Now()));
  shard_.Secured(*this);
  return session;
}

void ServerConnection::OnClosed(const absl::Status& why) {
  settings_timer_.Cancel();
  head_timer_.Cancel();
  idle_timer_.Cancel();
  renew_timer_.Cancel();
  if (peer_ == nullptr) {
    shard_.LogRefusal(why);
  } else {
    shard_.peer_connections().Remove(peer_->system);
  }
  writable_.clear();
  with_input_.clear();
  // Calls that end now must not look for their place in the list.
  for (ServerStream* stream : std::exchange(streams_, {})) stream->Closed();
  shard_.Remove(*this);
}

void ServerConnection::Forsake() {
  settings_timer_.Cancel();
  head_timer_.Cancel();
  idle_timer_.Cancel();
  renew_timer_.Cancel();
  for (ServerStream* stream : std::exchange(streams_, {})) stream->Abandon();
  Abandon();
}

void ServerConnection::CancelAll(const absl::Status& reason) {
  const std::vector<ServerStream*> streams = streams_;
  for (ServerStream* stream : streams) stream->Cancel(reason);
}

void ServerConnection::TellWritable(ServerStream& stream) {
  writable_.push_back(&stream);
}

void ServerConnection::GoOnAfterInput(ServerStream& stream) {
  if (stream.input_place != ServerStream::kNowhere) return;
  stream.input_place = with_input_.size();
  with_input_.push_back(&stream);
}

void ServerConnection::Forget(ServerStream& stream) {
  ServerStream* last = streams_.back();
  streams_[stream.slot] = last;
  last->slot = stream.slot;
  streams_.pop_back();
  std::replace(writable_.begin(), writable_.end(), &stream,
               static_cast<ServerStream*>(nullptr));
  if (stream.input_place < with_input_.size())
    with_input_[std::exchange(stream.input_place, ServerStream::kNowhere)] =
        nullptr;
  if (!streams_.empty()) return;
  last_used_ = Now();
  if (last_goaway_) Terminate(NGHTTP2_NO_ERROR);
}

void ServerConnection::AfterInput() {
  // One header block at a time is begun (RFC 9113, 4.3); it has to be ended, or
  // its stream would stay for ever without a call that could time out.
  if (!head_begun_) {
    head_timer_.Cancel();
  } else if (!head_timer_.is_set()) {
    head_timer_.Set(shard_.limits().head_time);
  }
  // By index: what a call does may end the connection, and all streams.
  for (std::size_t i = 0; i < with_input_.size(); ++i)
    if (with_input_[i] != nullptr) with_input_[i]->BeginCall();
  for (std::size_t i = 0; i < with_input_.size(); ++i) {
    ServerStream* const stream = with_input_[i];
    if (stream == nullptr) continue;
    stream->input_place = ServerStream::kNowhere;
    with_input_[i] = nullptr;
    stream->Deliver();
  }
  with_input_.clear();
}

void ServerConnection::AfterOutput() {
  for (ServerStream* stream : std::exchange(writable_, {}))
    if (stream != nullptr) stream->TellWritable();
}

ServerStream* ServerConnection::Find(std::int32_t id) {
  return static_cast<ServerStream*>(
      nghttp2_session_get_stream_user_data(session(), id));
}

int ServerConnection::OnBeginFrame(const nghttp2_frame_hd& head) {
  const absl::Duration now = Now();
  if (head.type == NGHTTP2_CONTINUATION) {  // still the block before it
    if (!CountFrame(head, now) || ++continuations_ > kMostContinuations)
      Flood();
    return 0;
  }
  continuations_ = 0;
  const std::size_t wasted = std::exchange(unclaimed_headers_, 0);
  if (!CountFrame(head, now) ||
      (wasted > 0 &&
       !share_->wasted_headers.Take(now, static_cast<double>(wasted))))
    Flood();
  // Until OnFrame hears of it, which it does not where the stream is refused.
  if (head.type == NGHTTP2_HEADERS) {
    unclaimed_headers_ = (head.flags & NGHTTP2_FLAG_END_HEADERS) != 0
                             ? head.length
                             : kLongestBlock;
  }
  return 0;
}

int ServerConnection::OnBeginHeaders(const nghttp2_frame& frame) {
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) {
    // gRPC has no request trailers: what they could carry nobody has checked.
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  // It may stand right behind what made us say the last GOAWAY, which tells the
  // client that it was not processed. nghttp2 takes it until that frame is out.
  if (last_goaway_) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  head_begun_ = true;
  ServerStream* stream = shard_.TakeStream();
  stream->slot = streams_.size();
  streams_.push_back(stream);
  stream->Open(*this, frame.hd.stream_id);
  nghttp2_session_set_stream_user_data(session(), frame.hd.stream_id, stream);
  return 0;
}

int ServerConnection::OnHeader(const nghttp2_frame& frame,
                               absl::string_view name,
                               absl::string_view value) {
  ServerStream* stream = Find(frame.hd.stream_id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  return stream->head().Add(name, value) ? 0 : Bomb();
}

int ServerConnection::OnInvalidHeader(const nghttp2_frame& frame,
                                      std::size_t bytes) {
  // nghttp2 would drop the field and go on: a caller could then hide a key from
  // us that a provider sees.
  ServerStream* stream = Find(frame.hd.stream_id);
  return stream == nullptr || stream->head().AddInvalid(bytes) ? 0 : Bomb();
}

int ServerConnection::Bomb() {
  // To reset the stream alone would not do: HPACK's table is the connection's,
  // so that the rest of the block would still be unfolded, 16,000 fields of any
  // size out of one frame. Nothing is read of a connection that is terminated.
  Flood();
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int ServerConnection::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      if (ServerStream* stream = Find(frame.hd.stream_id)) {
        if (frame.hd.type == NGHTTP2_HEADERS) {
          head_begun_ = false;
          unclaimed_headers_ = 0;
          stream->HeadersDone();
        }
        if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
          stream->HalfClosed();
      }
      return 0;
    case NGHTTP2_RST_STREAM:
      return CountDead();
    case NGHTTP2_SETTINGS:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0 && !draining_)
        settings_timer_.Cancel();
      return 0;
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0 && draining_ &&
          std::memcmp(frame.ping.opaque_data, kDrainPing, sizeof kDrainPing) ==
              0)
        SayLastGoaway();
      return 0;
    default:
      return 0;
  }
}

int ServerConnection::OnData(std::int32_t stream_id, absl::string_view bytes) {
  nghttp2_session_consume_connection(session(), bytes.size());
  if (ServerStream* stream = Find(stream_id)) stream->Received(bytes);
  return 0;
}

int ServerConnection::OnStreamClosed(std::int32_t stream_id, std::uint32_t) {
  if (ServerStream* stream = Find(stream_id)) {
    nghttp2_session_set_stream_user_data(session(), stream_id, nullptr);
    if (!stream->head_done()) head_begun_ = false;
    Forget(*stream);
    stream->Closed();
  }
  return 0;
}

int ServerConnection::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_RST_STREAM)
    return frame.rst_stream.error_code == NGHTTP2_NO_ERROR ? 0 : CountDead();
  if ((frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) ||
      (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
    return 0;
  ServerStream* stream = Find(frame.hd.stream_id);
  if (stream != nullptr && stream->EndSent()) {
    // The answer is complete and the rest of the request not wanted (RFC 9113,
    // 8.1).
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                              NGHTTP2_NO_ERROR);
  }
  return 0;
}

bool ServerConnection::CountFrame(const nghttp2_frame_hd& head,
                                  absl::Duration now) {
  // Every connection begins with SETTINGS (RFC 9113, 3.4): how many connections
  // there may be is limited elsewhere.
  if (!std::exchange(greeted_, true)) return true;
  const bool mine = frames_.Count(head, now);
  return share_->frames.Count(head, now) && mine;
}

int ServerConnection::CountDead() {
  const absl::Duration now = Now();
  const bool mine = dead_streams_.Take(now);
  const bool peers = share_->dead_streams.Take(now);
  if (!mine || !peers) Flood();
  return 0;
}

void ServerConnection::Flood() {
  if (std::exchange(flooded_, true)) return;
  shard_.flooded.Add(1);
  LogWarning("peer_floods",
             {{"peer", peer_->system}, {"serial", peer_->serial}});
  Terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

void ServerConnection::Drain() {
  if (draining_) return;
  if (session() == nullptr) {
    Close(absl::UnavailableError("the server stops"));
    return;
  }
  draining_ = true;
  // First "no more, please" with the highest id, then, when requests that were
  // on their way must have arrived, the last id that counts (RFC 9113, 6.8).
  nghttp2_submit_shutdown_notice(session());
  nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, kDrainPing);
  settings_timer_.Set(kDrainGrace);
  Touch();
}

void ServerConnection::EndSoon() {
  if (session() == nullptr) {
    Close(absl::UnavailableError("the server stops"));
  } else {
    draining_ = true;
    SayLastGoaway();
  }
}

void ServerConnection::SayLastGoaway() {
  if (std::exchange(last_goaway_, true)) return;
  settings_timer_.Cancel();
  if (streams_.empty()) {
    Terminate(NGHTTP2_NO_ERROR);
    return;
  }
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  Touch();
}

void ServerConnection::CheckIdle() {
  const absl::Duration idle = Now() - last_used_;
  const absl::Duration limit = shard_.limits().idle_time;
  if (streams_.empty() && idle >= limit) {
    Drain();
  } else {
    idle_timer_.Set(streams_.empty() ? limit - idle : limit);
  }
}

}  // namespace psm::edge
