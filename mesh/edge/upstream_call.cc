#include "mesh/edge/upstream_call.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/edge/provider_pool.h"

// A provider is trusted with nothing here: whatever it sends either is an
// answer in the form of gRPC, or becomes one of our own errors.

namespace psm::edge {

absl::Status ProviderUnavailable(absl::string_view provider,
                                 absl::string_view cause) {
  return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                   Party::kProvider,
                   absl::StrCat(provider, " cannot be reached; call again"),
                   {{"provider", provider}, {"cause", cause}});
}

absl::Status ProviderLost(absl::string_view provider, const absl::Status& why) {
  if (!absl::IsUnauthenticated(why))
    return ProviderUnavailable(provider, why.message());
  return MakeError(
      absl::StatusCode::kUnavailable, "PROVIDER_NOT_TRUSTED", Party::kProvider,
      absl::StrCat(provider, " does not prove who it is; nothing is released"),
      {{"provider", provider}, {"cause", why.message()}});
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

absl::Status ProviderReset(absl::string_view provider, std::uint32_t code) {
  absl::StatusCode status = absl::StatusCode::kInternal;
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      status = absl::StatusCode::kUnavailable;
      break;
    case NGHTTP2_CANCEL:
      status = absl::StatusCode::kCancelled;
      break;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      status = absl::StatusCode::kResourceExhausted;
      break;
    case NGHTTP2_INADEQUATE_SECURITY:
      status = absl::StatusCode::kPermissionDenied;
      break;
    case NGHTTP2_STREAM_CLOSED:
      status = absl::StatusCode::kUnknown;
      break;
    default:
      break;
  }
  const char* const cause = nghttp2_http2_strerror(code);
  return MakeError(status, "PROVIDER_RESET", Party::kProvider,
                   absl::StrCat(provider, " broke the call off (", cause, ")"),
                   {{"provider", provider}, {"cause", cause}});
}

UpstreamCall::UpstreamCall(ProviderPool& pool, CallHead head,
                           const UpstreamLimits& limits, TimerQueue& timers,
                           bool keeps_metadata)
    : pool_(pool),
      head_(std::move(head)),
      timers_(timers),
      answer_(limits.header_list_bytes, keeps_metadata),
      deadline_(timers.Now() + head_.time_left) {}

UpstreamCall::~UpstreamCall() = default;

void UpstreamCall::AddFields(FieldList& fields, absl::string_view authority) {
  fields.Add(":method", "POST");
  fields.Add(":scheme", "https");
  fields.Add(":path", head_.path);
  fields.Add(":authority", authority);
  fields.Add("te", "trailers");
  fields.Add("content-type", "application/grpc");
  fields.Add("user-agent", "psm-gateway");
  if (!head_.encoding.empty()) fields.Add("grpc-encoding", head_.encoding);
  if (!head_.accept_encoding.empty())
    fields.Add("grpc-accept-encoding", head_.accept_encoding);
  if (deadline_ != absl::InfiniteDuration()) {
    fields.AddOnce("grpc-timeout", FormatTimeout(deadline_ - timers_.Now()));
  }
  fields.AddMetadata(head_.metadata);
}

void UpstreamCall::AddField(absl::string_view name, absl::string_view value) {
  if (!ended_ && !answer_.Add(name, value)) Fail(AnswerTooLarge(provider()));
}

void UpstreamCall::FieldsDone() {
  if (ended_) return;
  const absl::string_view cause = answer_.EndBlock();
  if (!cause.empty()) Malformed(cause);
}

void UpstreamCall::StartOver() {
  received = 0;
  retried_ = true;
  written = false;
}

void UpstreamCall::End() {
  ended_ = true;
  pool_.Due(*this);
}

void UpstreamCall::Malformed(absl::string_view cause) {
  Fail(AnswerMalformed(provider(), cause));
}

void UpstreamCall::Fail(absl::Status status) {
  if (ended_) return;
  OnFailed(std::move(status));
  End();
}

}  // namespace psm::edge
