// The gateway gives the address of whomever the token names. So the bank must
// see that the token names the customer whose file it is about to change: with
// another customer's token it would put that one's address into this one's
// file.
#include "services/bank/customers_service.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "services/bank/consent_token.h"

namespace psm::bank {
namespace {

// What the gateway's refusal means for the customer. The three reasons that a
// new consent mends are in this method's contract and pass as they are.
absl::Status AfterRefusal(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  LogInfo(
      "address_not_disclosed",
      {{"code", absl::StatusCodeToString(status.code())}, {"reason", reason}});
  if (reason == "CONSENT_EXPIRED" || reason == "CONSENT_WITHDRAWN" ||
      reason == "CONSENT_INVALID") {
    return agency::Refusal(
        status.code(), reason,
        "the consent does not hold: give the bank a new one");
  }
  // A caller may try again what is only not possible now.
  const bool temporary = absl::IsUnavailable(status) ||
                         absl::IsDeadlineExceeded(status) ||
                         absl::IsResourceExhausted(status);
  return agency::Refusal(
      temporary ? status.code() : absl::StatusCode::kFailedPrecondition,
      "ADDRESS_NOT_DISCLOSED", "the address was not disclosed to the bank");
}

}  // namespace

grpc::Status CustomersService::UpdateAddress(
    grpc::ServerContext* context, const v1::UpdateAddressRequest* request,
    v1::UpdateAddressResponse* response) {
  const auto call = agency::CallContext::From(*context);
  absl::StatusOr<v1::UpdateAddressResponse> result = Update(call, *request);
  if (!result.ok()) return agency::ToGrpc(result.status());
  if (!call.Grants("address")) result->clear_address();
  *response = *std::move(result);
  return grpc::Status::OK;
}

absl::Status CustomersService::CheckNames(absl::string_view token,
                                          const std::string& subject) {
  PSM_RETURN_IF_ERROR(customers_->CheckKnown(subject));
  PSM_ASSIGN_OR_RETURN(const std::string named, SubjectOfToken(token));
  if (named == subject) return absl::OkStatus();
  return agency::Refusal(absl::StatusCode::kPermissionDenied, "CONSENT_INVALID",
                         "the consent is another person's: hand over one of "
                         "the customer's own");
}

// The bank says nothing of whether the consent holds: the gateway looks when
// something happens, and a token that it does not believe opens nothing.
grpc::Status CustomersService::FollowMoves(
    grpc::ServerContext* context, const v1::FollowMovesRequest* request,
    v1::FollowMovesResponse*) {
  absl::Status kept = CheckNames(request->consent_token(), request->subject());
  if (kept.ok()) {
    kept = customers_->KeepMovesConsent(
        agency::CallContext::From(*context), request->subject(),
        request->consent_token(), clock_->Now());
  }
  if (!kept.ok()) return agency::ToGrpc(kept);
  follow_();
  return grpc::Status::OK;
}

grpc::Status CustomersService::GetCustomer(
    grpc::ServerContext* context, const v1::GetCustomerRequest* request,
    v1::GetCustomerResponse* response) {
  absl::StatusOr<v1::GetCustomerResponse> file =
      customers_->FileOf(request->subject());
  if (!file.ok()) return agency::ToGrpc(file.status());
  if (agency::CallContext::From(*context).Grants("address"))
    *response = *std::move(file);
  return grpc::Status::OK;
}

absl::StatusOr<v1::UpdateAddressResponse> CustomersService::Update(
    const agency::CallContext& call, const v1::UpdateAddressRequest& request) {
  PSM_RETURN_IF_ERROR(CheckNames(request.consent_token(), request.subject()));
  // A retry asks again: what was disclosed a moment ago may be so no longer.
  const absl::StatusOr<std::string> address =
      source_->GetAddress(call, request.consent_token());
  if (!address.ok()) return AfterRefusal(address.status());
  if (address->empty()) {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "ADDRESS_NOT_DISCLOSED",
                           "the consent does not cover the address");
  }
  const std::string digest =
      absl::BytesToHexString(Sha256(request.SerializeAsString()));
  return customers_->KeepAddress(call, request.subject(), *address, digest,
                                 clock_->Now());
}

}  // namespace psm::bank
