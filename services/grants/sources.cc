#include "services/grants/sources.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/corporations/v1/corporations.grpc.pb.h"
#include "psm/gbizid/v1/delegation.grpc.pb.h"
#include "psm/gbizid/v1/gbizid.grpc.pb.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm::grants {
namespace {

using gbizid::v1::ActingService;

constexpr char kAffair[] = "business-subsidy";
constexpr char kCorporations[] = "corporations/corporations";

// What gbizid denies is denied here with its reason; that it could not be asked
// is nobody's fault who calls.
absl::Status Passed(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  for (const char* denied :
       {"TICKET_INVALID", "ACCOUNT_NOT_USABLE", "ACCOUNT_TYPE_INSUFFICIENT",
        "ROLE_INSUFFICIENT", "DELEGATION_NOT_IN_FORCE"}) {
    if (reason == denied)
      return agency::Refusal(absl::StatusCode::kPermissionDenied, denied,
                             "gbizid says no");
  }
  LogWarning(
      "acting_unknown",
      {{"code", absl::StatusCodeToString(status.code())}, {"reason", reason}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "ACTING_UNKNOWN",
                         "gbizid does not answer");
}

absl::Status EvidenceMissing(const absl::Status& status, const char* provider) {
  LogWarning("evidence_missing",
             {{"provider", provider},
              {"code", absl::StatusCodeToString(status.code())},
              {"reason", ReasonOf(status)}});
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "EVIDENCE_MISSING",
                         "what fills the form in cannot be had now");
}

absl::Status NoMore(absl::string_view reason) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                         "the registry has no such corporation in being");
}

}  // namespace

absl::Status CheckActive(
    const corporations::v1::GetCorporationResponse& found) {
  switch (found.status()) {
    case corporations::v1::ACTIVE:
      return absl::OkStatus();
    case corporations::v1::MERGED:
      return NoMore("CORPORATION_MERGED");
    case corporations::v1::DISSOLVED:
      return NoMore("CORPORATION_DISSOLVED");
    default:
      return EvidenceMissing(absl::InternalError("no status"), kCorporations);
  }
}

absl::StatusOr<gbizid::v1::RedeemTicketResponse> GatewaySources::Redeem(
    const agency::CallContext& call, const std::string& ticket) {
  gbizid::v1::RedeemTicketRequest request;
  request.set_ticket(ticket);
  gbizid::v1::RedeemTicketResponse response;
  // A retry of the call that this serves is a retry of this one: ids are
  // scoped to who asks.
  const absl::Status status =
      agency::Call(gateway_, &ActingService::Stub::RedeemTicket,
                   {.parent = &call,
                    .affair = kAffair,
                    .exchange_id = call.exchange_id,
                    .timeout = absl::Seconds(5)},
                   request, &response);
  if (!status.ok()) return Passed(status);
  return response;
}

absl::StatusOr<Authority> GatewaySources::Check(
    const agency::CallContext& call, const std::string& account_id,
    const Principal& principal, gbizid::v1::RoleGrant::Role role) {
  gbizid::v1::CheckActingRequest request;
  request.set_account_id(account_id);
  request.set_corporate_number(principal.corporate_number);
  request.set_principal_id(principal.principal_id);
  request.set_role(role);
  Authority authority;
  authority.exchange_id = NewUuid(SystemRandom());
  const absl::Status status =
      agency::Call(gateway_, &ActingService::Stub::CheckActing,
                   {.parent = &call,
                    .affair = kAffair,
                    .exchange_id = authority.exchange_id,
                    .timeout = absl::Seconds(5)},
                   request, &authority.acting);
  if (!status.ok()) return Passed(status);
  return authority;
}

absl::StatusOr<corporations::v1::GetCorporationResponse>
GatewaySources::Corporation(const agency::CallContext& call,
                            const std::string& corporate_number) {
  corporations::v1::GetCorporationRequest request;
  request.set_corporate_number(corporate_number);
  corporations::v1::GetCorporationResponse response;
  const absl::Status status = agency::Call(
      gateway_, &corporations::v1::CorporationsService::Stub::GetCorporation,
      {.parent = &call, .affair = kAffair, .timeout = absl::Seconds(5)},
      request, &response);
  if (ReasonOf(status) == "CORPORATION_UNKNOWN")
    return NoMore("CORPORATION_UNKNOWN");
  if (!status.ok()) return EvidenceMissing(status, kCorporations);
  PSM_RETURN_IF_ERROR(CheckActive(response));
  return response;
}

absl::StatusOr<gbizid::v1::GetBusinessResponse> GatewaySources::Business(
    const agency::CallContext& call, const std::string& corporate_number) {
  gbizid::v1::GetBusinessRequest request;
  request.set_corporate_number(corporate_number);
  gbizid::v1::GetBusinessResponse response;
  const absl::Status status = agency::Call(
      gateway_, &gbizid::v1::BusinessService::Stub::GetBusiness,
      {.parent = &call, .affair = kAffair, .timeout = absl::Seconds(5)},
      request, &response);
  if (!status.ok()) return EvidenceMissing(status, "gbizid/gbizid");
  return response;
}

absl::StatusOr<identity::v1::GetBasicItemsResponse> GatewaySources::NameOf(
    const agency::CallContext& call, const std::string& subject) {
  identity::v1::GetBasicItemsRequest request;
  request.set_subject(subject);
  identity::v1::GetBasicItemsResponse response;
  const absl::Status status = agency::Call(
      gateway_, &identity::v1::BasicItemsService::Stub::GetBasicItems,
      {.parent = &call, .affair = kAffair, .timeout = absl::Seconds(5)},
      request, &response);
  if (!status.ok()) return EvidenceMissing(status, "identity/identity");
  return response;
}

}  // namespace psm::grants
