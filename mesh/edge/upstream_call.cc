#include "mesh/edge/upstream_call.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/edge/provider_pool.h"

// A provider is trusted with nothing here: whatever it sends either is an
// answer in the form of gRPC, or becomes one of our own errors. Of its metadata
// only status, message and details are looked at (design.md section 5).

namespace psm::edge {

absl::Status ProviderUnavailable(absl::string_view provider,
                                 absl::string_view cause) {
  return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                   Party::kProvider,
                   absl::StrCat(provider, " cannot be reached; call again"),
                   {{"provider", provider}, {"cause", cause}});
}

absl::Status AnswerMalformed(absl::string_view provider,
                             absl::string_view cause) {
  return MakeError(
      absl::StatusCode::kInternal, "PROVIDER_ANSWER_MALFORMED",
      Party::kProvider,
      absl::StrCat("the answer of ", provider, " is not gRPC: ", cause),
      {{"provider", provider}, {"cause", cause}});
}

absl::Status AnswerTooLarge(absl::string_view provider) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   "PROVIDER_ANSWER_TOO_LARGE", Party::kProvider,
                   absl::StrCat("the answer of ", provider, " is too large"),
                   {{"provider", provider}});
}

UpstreamCall::UpstreamCall(ProviderPool& pool, ProviderRequest asked,
                           Completion<ProviderReply>* completion,
                           const UpstreamLimits& limits, TimerQueue& timers)
    : request(std::move(asked)),
      done(completion),
      pool_(pool),
      provider_(request.provider->id),
      limits_(limits),
      deadline_(timers.Now() + request.time_left),
      timer_(
          timers,
          [this] {
            Fail(MakeError(absl::StatusCode::kDeadlineExceeded,
                           "DEADLINE_EXCEEDED", Party::kProvider,
                           absl::StrCat(provider_, " did not answer in time"),
                           {{"provider", provider_}}));
            pool_.Settle();
          }),
      timers_(timers),
      assembler_(limits.message_bytes) {
  WriteMessagePrefix(false, request.message.size(), prefix_);
}

UpstreamCall::~UpstreamCall() = default;

void UpstreamCall::Watch(Cancellation& cancellation) {
  timer_.Set(request.time_left);
  hook_ = std::make_unique<Cancellation::Hook>(
      cancellation, [this](const absl::Status& reason) {
        Fail(reason);
        pool_.Settle();
      });
}

void UpstreamCall::Unwatch() {
  timer_.Cancel();
  hook_.reset();
}

void UpstreamCall::Abandon() {
  timer_.Cancel();
  static_cast<void>(hook_.release());
}

void UpstreamCall::AddFields(FieldList& fields, absl::string_view authority) {
  fields.Add(":method", "POST");
  fields.Add(":scheme", "https");
  fields.Add(":path", request.path);
  fields.Add(":authority", authority);
  fields.Add("te", "trailers");
  fields.Add("content-type", "application/grpc");
  fields.Add("user-agent", "psm-gateway");
  fields.Add("grpc-accept-encoding", "identity");
  if (deadline_ != absl::InfiniteDuration()) {
    fields.AddOnce("grpc-timeout", FormatTimeout(deadline_ - timers_.Now()));
  }
  fields.AddMetadata(request.metadata);
}

ssize_t UpstreamCall::ReadRequest(std::uint8_t* buffer, std::size_t capacity,
                                  std::uint32_t* flags) {
  std::size_t size = 0;
  if (request_offset_ < kMessagePrefix) {
    size = std::min(kMessagePrefix - request_offset_, capacity);
    std::memcpy(buffer, prefix_ + request_offset_, size);
    request_offset_ += size;
  }
  if (request_offset_ >= kMessagePrefix) {
    const std::size_t at = request_offset_ - kMessagePrefix;
    const std::size_t count =
        std::min(request.message.size() - at, capacity - size);
    std::memcpy(buffer + size, request.message.data() + at, count);
    request_offset_ += count;
    size += count;
  }
  if (request_complete()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

void UpstreamCall::StartOver() {
  request_offset_ = 0;
  received = 0;
  retried = true;
  written = false;
}

void UpstreamCall::BeginFields() { field_bytes_ = 0; }

void UpstreamCall::AddField(absl::string_view name, absl::string_view value) {
  if (reply.has_value()) return;
  field_bytes_ += name.size() + value.size() + 32;
  if (field_bytes_ > limits_.header_list_bytes) {
    Fail(AnswerTooLarge(provider_));
  } else if (absl::StartsWith(name, "grpc-status") || name == "grpc-message") {
    AddStatus(name, value);
  } else if (!initial_done_) {
    AddInitial(name, value);
  }
}

void UpstreamCall::AddInitial(absl::string_view name, absl::string_view value) {
  if (name == ":status") status_200_ = value == "200";
  if (name == "content-type")
    content_type_ = absl::StartsWith(value, "application/grpc");
  if (name == "grpc-encoding") identity_ = value == "identity";
}

void UpstreamCall::AddStatus(absl::string_view name, absl::string_view value) {
  if (name == "grpc-status") {
    code_repeated_ |= code_.has_value();
    // A code that is no code is what gRPC calls UNKNOWN.
    code_ = ParseStatusCode(value).value_or(
        static_cast<int>(absl::StatusCode::kUnknown));
  } else if (name == "grpc-message") {
    end_.message = PercentDecode(value);
  } else if (name == "grpc-status-details-bin") {
    end_.details = DecodeBinary(value).value_or("");
  }
}

void UpstreamCall::FieldsDone() {
  if (reply.has_value() || std::exchange(initial_done_, true)) return;
  if (!status_200_) Malformed("HTTP status is not 200");
  if (!content_type_) Malformed("content-type is not application/grpc");
  if (!identity_) Malformed("it is compressed, which was not offered");
}

void UpstreamCall::Received(absl::string_view bytes) {
  while (!bytes.empty() && !reply.has_value()) {
    if (message_.has_value()) {
      Malformed("more than one message");
      return;
    }
    switch (assembler_.Take(bytes)) {
      case MessageAssembler::Outcome::kNeedsMore:
        break;
      case MessageAssembler::Outcome::kTooLarge:
        Fail(AnswerTooLarge(provider_));
        break;
      case MessageAssembler::Outcome::kMalformed:
        Malformed("bad message prefix");
        break;
      case MessageAssembler::Outcome::kMessage:
        GrpcMessage message = assembler_.Release();
        if (message.compressed) {
          Malformed("it is compressed, which was not offered");
        } else {
          message_ = std::move(message.bytes);
        }
        break;
    }
  }
}

void UpstreamCall::EndOfStream() {
  if (reply.has_value()) return;
  if (!code_.has_value() || code_repeated_) {
    Malformed("no grpc-status, or two");
    return;
  }
  end_.code = *code_;
  if (end_.code != 0) {
    reply = ProviderReply{FromWireStatus(end_), true, ""};
  } else if (!message_.has_value() || !assembler_.at_boundary()) {
    Malformed("status OK without a complete message");
    return;
  } else {
    reply = ProviderReply{absl::OkStatus(), true, *std::move(message_)};
  }
  pool_.Ended(*this);
}

void UpstreamCall::Malformed(absl::string_view cause) {
  Fail(AnswerMalformed(provider_, cause));
}

void UpstreamCall::Fail(absl::Status status) {
  if (reply.has_value()) return;
  reply = ProviderReply{std::move(status), false, ""};
  pool_.Ended(*this);
}

}  // namespace psm::edge
