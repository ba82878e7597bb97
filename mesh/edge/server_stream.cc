#include "mesh/edge/server_stream.h"

#include <algorithm>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/edge/server_connection.h"

// Flow control (design.md section 9). The connection's credit goes back when
// bytes arrive (server_connection.cc), so that one slow handler does not stop
// the others; a stream's credit goes back when its handler takes the bytes. So
// what a stream holds of a request is at most its window, one message that is
// coming in and one that was delivered, and the latter two are charged to the
// connection and to the peer. Answers that the client has not taken are charged
// to the peer alone: a few large ones at once over one connection are honest.

namespace psm::edge {
namespace {

absl::Status ConsumersFault(absl::StatusCode code, absl::string_view reason,
                            absl::string_view message) {
  return MakeError(code, reason, Party::kConsumer, message);
}

}  // namespace

absl::Status ServerStream::TooMuchUnsent() {
  return ConsumersFault(
      absl::StatusCode::kResourceExhausted, "BUFFER_LIMIT",
      "too many bytes of answers wait to be taken; take some");
}

ServerStream::ServerStream(ServerShard& shard)
    : shard_(shard),
      head_(shard.limits().header_list_bytes),
      timer_(shard.worker().timers(), [this] { TimeUp(); }),
      assembler_(shard.limits().message_bytes) {}

ServerStream::~ServerStream() = default;

void ServerStream::Open(ServerConnection& connection, std::int32_t id) {
  connection_ = &connection;
  id_ = id;
  peer_ = connection.peer();
  share_ = connection.share();
  cancellation_.emplace();
}

absl::Duration ServerStream::TimeLeft() const {
  if (deadline_ == absl::InfiniteDuration()) return deadline_;
  return std::max(deadline_ - shard_.worker().timers().Now(),
                  absl::ZeroDuration());
}

absl::Status ServerStream::Admit() {
  absl::Status head = head_.Check();
  if (!head.ok()) return head;
  if (share_->calls >= shard_.limits().peer_calls) {
    return ConsumersFault(absl::StatusCode::kResourceExhausted, "CALL_LIMIT",
                          "too many calls at once; wait for some to end");
  }
  if (head_.timeout() <= absl::ZeroDuration()) {
    return ConsumersFault(absl::StatusCode::kDeadlineExceeded,
                          "DEADLINE_EXCEEDED",
                          "the deadline had passed when the call arrived");
  }
  return absl::OkStatus();
}

void ServerStream::HeadersDone() {
  head_done_ = true;
  connection_->GoOnAfterInput(*this);
}

void ServerStream::BeginCall() {
  if (!head_done_ || std::exchange(begun_, true)) return;
  ask_time_ = shard_.worker().clock().Now();
  const absl::Status peer = shard_.tls().CheckPeer(*peer_, ask_time_);
  const absl::Status admitted = Admit();
  if (!admitted.ok()) {
    // Who is there comes first: a revoked peer learns nothing else.
    Refuse(peer.ok() ? admitted : peer, head_.http_status());
    Consume(input_.size());
    input_.clear();
    return;
  }
  deadline_ = absl::InfiniteDuration();
  if (head_.timeout() != absl::InfiniteDuration()) {
    deadline_ = shard_.worker().timers().Now() + head_.timeout();
    timer_.Set(head_.timeout());
  }
  dispatched_ = true;
  shard_.calls.Add(1);
  shard_.active_calls.Add(1);
  ++share_->calls;
  handler_ = peer.ok() ? shard_.dispatcher().Dispatch(*this)
                       : shard_.dispatcher().DispatchLapsed(*this);
  if (handler_ == nullptr && !finished_) Finish(peer);
  if (finished_) return;
  // What has come already is delivered when all calls have begun.
  delivering_ = true;
  handler_->OnStart();
  delivering_ = false;
}

void ServerStream::Refuse(const absl::Status& status,
                          absl::string_view http_status) {
  shard_.rejected.Add(1);
  finished_ = true;
  end_ = ToWireStatus(status);
  timer_.Set(shard_.limits().finish_time);
  SubmitTrailersOnly(http_status);
}

void ServerStream::Received(absl::string_view bytes) {
  if (finished_ || cancellation_->cancelled()) {
    Consume(bytes.size());  // nobody will
    return;
  }
  input_.append(bytes.data(), bytes.size());
  connection_->GoOnAfterInput(*this);
}

void ServerStream::HalfClosed() {
  half_closed_ = true;
  connection_->GoOnAfterInput(*this);
}

void ServerStream::ReadNext() {
  wanted_ = true;
  Deliver();
}

void ServerStream::ReadBytes() {
  in_bytes_ = true;
  ReadNext();
}

void ServerStream::Deliver() {
  if (delivering_ || handler_ == nullptr) return;
  delivering_ = true;
  while (wanted_ && !finished_ && !cancellation_->cancelled()) {
    const auto bytes = absl::string_view(input_).substr(input_taken_);
    if (!bytes.empty()) {
      if (in_bytes_) {
        DeliverBytes();
      } else {
        DeliverSome(bytes);
      }
      continue;
    }
    if (!half_closed_ || half_close_told_) break;
    if (!assembler_.at_boundary()) {
      Cancel(ConsumersFault(absl::StatusCode::kInvalidArgument,
                            "MESSAGE_MALFORMED",
                            "the request ends within a message"));
      break;
    }
    half_close_told_ = true;
    wanted_ = false;
    handler_->OnHalfClose();
  }
  delivering_ = false;
  if (input_taken_ == input_.size()) {
    input_.clear();
    input_taken_ = 0;
  }
}

void ServerStream::DeliverSome(absl::string_view bytes) {
  const std::size_t before = bytes.size();
  const MessageAssembler::Outcome outcome = assembler_.Take(bytes);
  const std::size_t taken = before - bytes.size();
  input_taken_ += taken;
  Consume(taken);
  if (!Charge(taken)) {
    Cancel(
        ConsumersFault(absl::StatusCode::kResourceExhausted, "BUFFER_LIMIT",
                       "too many bytes of requests under way; wait for some"));
    return;
  }
  if (!CheckMessages(outcome) ||
      outcome == MessageAssembler::Outcome::kNeedsMore)
    return;
  Uncharge(
      std::exchange(charged_delivered_, std::exchange(charged_incoming_, 0)));
  wanted_ = false;
  handler_->OnMessage(assembler_.Release());
}

// What is held for a handler that takes bytes is bounded by the window, without
// a charge.
void ServerStream::DeliverBytes() {
  std::string bytes = std::exchange(input_, std::string());
  Consume(bytes.size());
  if (!CheckMessages(assembler_.Follow(bytes))) return;
  wanted_ = false;
  handler_->OnBytes(std::move(bytes));
}

bool ServerStream::CheckMessages(MessageAssembler::Outcome outcome) {
  if (outcome == MessageAssembler::Outcome::kTooLarge) {
    Cancel(ConsumersFault(absl::StatusCode::kResourceExhausted,
                          "MESSAGE_TOO_LARGE",
                          "the message is too large; send less"));
    return false;
  }
  if (outcome == MessageAssembler::Outcome::kMalformed) {
    Cancel(ConsumersFault(absl::StatusCode::kInvalidArgument,
                          "MESSAGE_MALFORMED",
                          "the request is not a length-prefixed message"));
    return false;
  }
  return true;
}

void ServerStream::Consume(std::size_t bytes) {
  if (connection_ == nullptr || bytes == 0) return;
  nghttp2_session_consume_stream(connection_->session(), id_, bytes);
  connection_->Touch();
}

bool ServerStream::Charge(std::size_t bytes) {
  charged_incoming_ += bytes;
  connection_->buffered_bytes += bytes;
  share_->buffered_bytes += bytes;
  return connection_->buffered_bytes <= shard_.limits().buffered_bytes &&
         share_->buffered_bytes <= shard_.limits().peer_buffered_bytes;
}

void ServerStream::Uncharge(std::size_t bytes) {
  if (connection_ != nullptr) connection_->buffered_bytes -= bytes;
  share_->buffered_bytes -= bytes;
}

void ServerStream::TimeUp() {
  if (!finished_ && too_much_unsent_) {
    Cancel(TooMuchUnsent());
  } else if (!finished_) {
    Cancel(ConsumersFault(absl::StatusCode::kDeadlineExceeded,
                          "DEADLINE_EXCEEDED",
                          "the deadline passed before the answer was there"));
  } else if (connection_ != nullptr) {
    nghttp2_submit_rst_stream(connection_->session(), NGHTTP2_FLAG_NONE, id_,
                              NGHTTP2_CANCEL);
    connection_->Touch();
  }
}

void ServerStream::Cancel(const absl::Status& reason) {
  if (finished_ || !dispatched_ || cancellation_->cancelled()) return;
  wanted_ = false;
  cancellation_->Cancel(reason);
  if (!finished_ && handler_ != nullptr) handler_->OnCancelled(reason);
}

bool ServerStream::EndSent() {
  end_sent_ = true;
  return !half_closed_;
}

void ServerStream::Closed() {
  if (!finished_ || !end_sent_) shard_.dead.Add(1);
  share_->buffered_bytes -= std::exchange(unsent_bytes_, 0);
  Uncharge(std::exchange(charged_incoming_, 0));
  if (finished_) Uncharge(std::exchange(charged_delivered_, 0));
  if (connection_ != nullptr && charged_delivered_ != 0)
    connection_->buffered_bytes -= charged_delivered_;  // the share keeps it
  connection_ = nullptr;
  timer_.Cancel();
  output_.clear();
  output_at_ = 0;
  if (!dispatched_) finished_ = true;  // no handler ever will
  if (!finished_) {
    Cancel(MakeError(absl::StatusCode::kCancelled, "CLIENT_GONE",
                     Party::kConsumer,
                     "the client cancelled the call or left"));
  }
  shard_.Retire(*this);
}

bool ServerStream::CleanUp() {
  if (!finished_) return false;
  handler_.reset();
  Uncharge(std::exchange(charged_delivered_, 0));
  if (connection_ != nullptr) return false;
  Clear();
  return true;
}

// Strings keep their memory: the next call needs as much.
void ServerStream::Clear() {
  input_place = kNowhere;
  head_.Clear();
  peer_.reset();
  share_.reset();
  cancellation_.reset();
  timer_.Cancel();
  input_.clear();
  input_taken_ = 0;
  assembler_.Clear();
  wanted_ = in_bytes_ = delivering_ = half_closed_ = half_close_told_ = false;
  output_.clear();
  output_at_ = output_offset_ = unsent_bytes_ = 0;
  response_encoding_.clear();
  response_accept_encoding_ = "identity";
  initial_metadata_.clear();
  trailers_.clear();
  end_ = WireStatus();
  head_done_ = begun_ = headers_submitted_ = deferred_ = dispatched_ =
      finished_ = end_sent_ = too_much_unsent_ = false;
}

}  // namespace psm::edge
