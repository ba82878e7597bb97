#include "mesh/agency/call_context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"

namespace psm::agency {
namespace {

// The first value: the gateway sends each key once.
std::string Value(const grpc::ServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  auto found = metadata.find(key);
  if (found == metadata.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

// gRPC 1.51 aborts the process on anything else (library trap 2).
bool IsPrintable(absl::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace

CallContext CallContext::From(const grpc::ServerContext& context) {
  CallContext call;
  call.consumer = Value(context, "psm-consumer");
  call.affair = Value(context, "psm-affair");
  call.exchange_id = Value(context, "psm-exchange-id");
  call.consent_id = Value(context, "psm-consent-id");
  call.traceparent = Value(context, "traceparent");
  call.attributes = absl::StrSplit(Value(context, "psm-attributes"),
                                   absl::ByAnyChar(", "), absl::SkipEmpty());
  std::sort(call.attributes.begin(), call.attributes.end());
  if (context.deadline() != std::chrono::system_clock::time_point::max())
    call.deadline = absl::FromChrono(context.deadline());
  return call;
}

bool CallContext::Grants(absl::string_view attribute) const {
  return std::binary_search(
      attributes.begin(), attributes.end(), attribute,
      [](absl::string_view a, absl::string_view b) { return a < b; });
}

absl::Status Refusal(absl::StatusCode code, absl::string_view reason,
                     absl::string_view message) {
  return MakeError(code, reason, Party::kProvider, message);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(
      static_cast<grpc::StatusCode>(status.code()),
      std::string(status.message()),
      DetailOf(status).has_value() ? ToRpcStatus(status) : std::string());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return FromRpcStatus(static_cast<absl::StatusCode>(status.error_code()),
                       status.error_message(), status.error_details());
}

std::unique_ptr<grpc::ClientContext> Outgoing(const CallContext* parent,
                                              absl::string_view affair,
                                              absl::Duration timeout) {
  auto context = std::make_unique<grpc::ClientContext>();
  // gRPC counts deadlines on the machine's clock, whatever time a test makes of
  // it.
  absl::Time deadline = SystemClock().Now() + timeout;
  if (parent != nullptr) deadline = std::min(deadline, parent->deadline);
  context->set_deadline(absl::ToChronoTime(deadline));
  // A malformed affair is not sent, and the gateway refuses a call without one.
  if (!affair.empty() && IsPrintable(affair))
    context->AddMetadata("psm-affair", std::string(affair));
  if (parent != nullptr && !parent->traceparent.empty() &&
      IsPrintable(parent->traceparent))
    context->AddMetadata("traceparent", parent->traceparent);
  return context;
}

}  // namespace psm::agency
