#include "mesh/edge/streaming_upstream_call.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "mesh/edge/provider_connection.h"
#include "mesh/edge/provider_pool.h"

namespace psm::edge {
namespace {

// What is kept for a second attempt; a request beyond it is sent once.
constexpr std::size_t kReplayBytes = 64 << 10;

}  // namespace

StreamingUpstreamCall::StreamingUpstreamCall(ProviderPool& pool, CallHead head,
                                             AnswerHandler& handler,
                                             const UpstreamLimits& limits,
                                             TimerQueue& timers)
    : UpstreamCall(pool, std::move(head), limits, timers, true),
      handler_(&handler),
      assembler_(limits.message_bytes) {}

StreamingUpstreamCall::~StreamingUpstreamCall() = default;

void StreamingUpstreamCall::SendBytes(std::string bytes) {
  if (half_closed_ || ended()) return;
  unsent_bytes_ += bytes.size();
  kept_bytes_ += bytes.size();
  output_.push_back(std::move(bytes));
  Resume();
}

void StreamingUpstreamCall::HalfClose() {
  if (std::exchange(half_closed_, true) || ended()) return;
  Resume();
}

void StreamingUpstreamCall::Resume() {
  if (connection != nullptr && std::exchange(deferred_, false))
    connection->Resume(*this);
}

void StreamingUpstreamCall::ReadBytes() {
  if (abandoned_) return;
  wanted_ = true;
  if (input_.empty() && !end_.has_value()) return;  // Received tells
  pool_.Due(*this);
  pool_.SettleSoon();
}

void StreamingUpstreamCall::Leave() {
  handler_ = nullptr;
  if (!abandoned_) pool_.Forget(*this);
}

void StreamingUpstreamCall::Abandon() {
  abandoned_ = true;
  handler_ = nullptr;
  connection = nullptr;
}

ssize_t StreamingUpstreamCall::ReadRequest(std::uint8_t* buffer,
                                           std::size_t capacity,
                                           std::uint32_t* flags) {
  std::size_t size = 0;
  while (size < capacity && output_at_ < output_.size()) {
    const std::string& output = output_[output_at_];
    const std::size_t count =
        std::min(output.size() - output_offset_, capacity - size);
    std::memcpy(buffer + size, output.data() + output_offset_, count);
    size += count;
    output_offset_ += count;
    if (output_offset_ == output.size()) {
      ++output_at_;
      output_offset_ = 0;
    }
  }
  unsent_bytes_ -= size;
  if (kept_bytes_ > kReplayBytes) replayable_ = false;
  while (!replayable_ && output_at_ > 0) {
    kept_bytes_ -= output_.front().size();
    output_.pop_front();
    --output_at_;
  }
  if (output_at_ == output_.size()) {
    if (half_closed_) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      end_sent_ = true;
    } else if (size == 0) {
      deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    } else {
      writable_ = true;
      pool_.Due(*this);
    }
  }
  return static_cast<ssize_t>(size);
}

bool StreamingUpstreamCall::MayStartOver() const {
  return UpstreamCall::MayStartOver() && replayable_;
}

void StreamingUpstreamCall::StartOver() {
  UpstreamCall::StartOver();
  output_at_ = 0;
  output_offset_ = 0;
  unsent_bytes_ = kept_bytes_;
  end_sent_ = false;
  deferred_ = false;
}

void StreamingUpstreamCall::FieldsDone() {
  UpstreamCall::FieldsDone();
  if (ended() || answer_.blocks() != 1) return;
  replayable_ = false;
  headers_done_ = true;
  pool_.Due(*this);
}

void StreamingUpstreamCall::Received(absl::string_view bytes) {
  if (ended()) return;
  input_.append(bytes.data(), bytes.size());
  if (wanted_) pool_.Due(*this);
}

void StreamingUpstreamCall::EndOfStream() {
  if (ended()) return;
  std::optional<WireStatus> status = answer_.TakeStatus();
  if (!status.has_value()) {
    Malformed("no grpc-status, or two");
    return;
  }
  const bool nothing_else = answer_.blocks() == 1 && input_.empty();
  if (nothing_else && !headers_told_) headers_done_ = false;
  end_ = AnswerEnd{*std::move(status), answer_.TakeTrailers(), true};
  End();
}

void StreamingUpstreamCall::OnReset(std::uint32_t code) {
  Fail(ProviderReset(provider(), code));
}

void StreamingUpstreamCall::OnFailed(absl::Status status) {
  end_ = AnswerEnd{ToWireStatus(status), {}, false};
}

void StreamingUpstreamCall::Deliver() {
  if (handler_ != nullptr && headers_done_ &&
      !std::exchange(headers_told_, true)) {
    handler_->OnAnswerHeaders(
        {answer_.TakeInitial(), answer_.encoding(), answer_.accept_encoding()});
  }
  if (handler_ != nullptr && std::exchange(writable_, false) && !ended())
    handler_->OnRequestWritable();
  DeliverBytes();
  if (handler_ != nullptr && end_.has_value()) DeliverEnd();
}

void StreamingUpstreamCall::DeliverBytes() {
  if (handler_ == nullptr || !wanted_ || input_.empty()) return;
  // What a provider sent before its connection broke is not worth more than the
  // news that it did.
  if (end_.has_value() && !end_->from_provider) return;
  std::string bytes = std::exchange(input_, std::string());
  if (connection != nullptr) connection->Taken(*this, bytes.size());
  const MessageAssembler::Outcome outcome = assembler_.Follow(bytes);
  if (outcome != MessageAssembler::Outcome::kNeedsMore) {
    end_ = AnswerEnd{
        ToWireStatus(outcome == MessageAssembler::Outcome::kTooLarge
                         ? AnswerTooLarge(provider())
                         : AnswerMalformed(provider(), "bad message prefix")),
        {},
        false};
    if (!ended()) End();
    return;
  }
  wanted_ = false;
  handler_->OnAnswerBytes(std::move(bytes));
}

void StreamingUpstreamCall::DeliverEnd() {
  if (end_->from_provider) {
    if (!input_.empty()) return;  // messages come first
    if (!assembler_.at_boundary()) {
      end_ = AnswerEnd{
          ToWireStatus(AnswerMalformed(provider(), "it ends within a message")),
          {},
          false};
    }
  }
  AnswerHandler* const handler = std::exchange(handler_, nullptr);
  AnswerEnd end = *std::move(end_);
  pool_.Forget(*this);
  handler->OnAnswerEnd(std::move(end));
}

}  // namespace psm::edge
