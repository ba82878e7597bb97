#include "mesh/edge/unary_upstream_call.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/edge/provider_pool.h"

namespace psm::edge {
namespace {

CallHead HeadOf(ProviderRequest& request) {
  CallHead head;
  // Stays until `done` is set: whoever waits sees to it.
  head.provider =
      std::shared_ptr<const System>(std::shared_ptr<void>(), request.provider);
  head.path = std::move(request.path);
  head.metadata = std::move(request.metadata);
  head.time_left = request.time_left;
  return head;
}

}  // namespace

UnaryUpstreamCall::UnaryUpstreamCall(ProviderPool& pool,
                                     ProviderRequest request,
                                     Completion<ProviderReply>* done,
                                     const UpstreamLimits& limits,
                                     TimerQueue& timers)
    : UpstreamCall(pool, HeadOf(request), limits, timers, false),
      done_(done),
      message_(std::move(request.message)),
      timer_(
          timers,
          [this] {
            Fail(MakeError(absl::StatusCode::kDeadlineExceeded,
                           "DEADLINE_EXCEEDED", Party::kProvider,
                           absl::StrCat(provider(), " did not answer in time"),
                           {{"provider", provider()}}));
            pool_.Settle();
          }),
      assembler_(limits.message_bytes) {
  WriteMessagePrefix(false, message_.size(), prefix_);
}

UnaryUpstreamCall::~UnaryUpstreamCall() = default;

void UnaryUpstreamCall::Watch(Cancellation& cancellation) {
  timer_.Set(head_.time_left);
  hook_ = std::make_unique<Cancellation::Hook>(
      cancellation, [this](const absl::Status& reason) {
        Fail(reason);
        pool_.Settle();
      });
}

void UnaryUpstreamCall::Unwatch() {
  timer_.Cancel();
  hook_.reset();
}

void UnaryUpstreamCall::Abandon() {
  timer_.Cancel();
  static_cast<void>(hook_.release());
}

ssize_t UnaryUpstreamCall::ReadRequest(std::uint8_t* buffer,
                                       std::size_t capacity,
                                       std::uint32_t* flags) {
  std::size_t size = 0;
  if (offset_ < kMessagePrefix) {
    size = std::min(kMessagePrefix - offset_, capacity);
    std::memcpy(buffer, prefix_ + offset_, size);
    offset_ += size;
  }
  if (offset_ >= kMessagePrefix) {
    const std::size_t at = offset_ - kMessagePrefix;
    const std::size_t count = std::min(message_.size() - at, capacity - size);
    std::memcpy(buffer + size, message_.data() + at, count);
    offset_ += count;
    size += count;
  }
  if (request_complete()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

void UnaryUpstreamCall::StartOver() {
  UpstreamCall::StartOver();
  offset_ = 0;
}

void UnaryUpstreamCall::FieldsDone() {
  UpstreamCall::FieldsDone();
  if (!answer_.encoding().empty() && answer_.encoding() != "identity")
    Malformed("it is compressed, which was not offered");
}

void UnaryUpstreamCall::Received(absl::string_view bytes) {
  while (!bytes.empty() && !ended()) {
    if (answered_.has_value()) {
      Malformed("more than one message");
      return;
    }
    switch (assembler_.Take(bytes)) {
      case MessageAssembler::Outcome::kNeedsMore:
        break;
      case MessageAssembler::Outcome::kTooLarge:
        Fail(AnswerTooLarge(provider()));
        break;
      case MessageAssembler::Outcome::kMalformed:
        Malformed("bad message prefix");
        break;
      case MessageAssembler::Outcome::kMessage:
        GrpcMessage message = assembler_.Release();
        if (message.compressed) {
          Malformed("it is compressed, which was not offered");
        } else {
          answered_ = std::move(message.bytes);
        }
        break;
    }
  }
}

void UnaryUpstreamCall::EndOfStream() {
  if (ended()) return;
  std::optional<WireStatus> status = answer_.TakeStatus();
  if (!status.has_value()) {
    Malformed("no grpc-status, or two");
  } else if (status->code != 0) {
    reply_ = ProviderReply{FromWireStatus(*status), true, ""};
    End();
  } else if (!answered_.has_value() || !assembler_.at_boundary()) {
    Malformed("status OK without a complete message");
  } else {
    reply_ = ProviderReply{absl::OkStatus(), true, *std::move(answered_)};
    End();
  }
}

void UnaryUpstreamCall::OnReset(std::uint32_t code) {
  Fail(ProviderUnavailable(
      provider(), absl::StrCat("reset: ", nghttp2_http2_strerror(code))));
}

void UnaryUpstreamCall::OnFailed(absl::Status status) {
  reply_ = ProviderReply{std::move(status), false, ""};
}

void UnaryUpstreamCall::Deliver() {
  Completion<ProviderReply>* const done = done_;
  ProviderReply reply = std::move(reply_);
  pool_.Forget(*this);
  done->Set(std::move(reply));
}

}  // namespace psm::edge
