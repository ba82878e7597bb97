// The order of GrantConsent: the mesh authorises and records the disclosure
// first, then the consent and the answer are written in one transaction, then
// the token leaves. A crash in between leaves a disclosure on record and no
// token; the retry, under the same exchange id, makes no second record.
#include "services/identity/consent_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"
#include "services/identity/once.h"

namespace psm::identity {
namespace {

ConsentTerms TermsOf(const v1::GrantConsentRequest& request) {
  ConsentTerms terms;
  terms.subject = request.subject();
  terms.consumer = request.consumer();
  terms.affair = request.affair();
  terms.method = request.method();
  terms.attributes = AttributesOf(request.attributes());
  terms.duration = DurationOf(request.has_duration(), request.duration());
  return terms;
}

void SetTime(absl::Time time, google::protobuf::Timestamp* proto) {
  *proto = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
      absl::ToUnixMicros(time));
}

}  // namespace

grpc::Status ConsentService::GrantConsent(
    grpc::ServerContext* context, const v1::GrantConsentRequest* request,
    v1::GrantConsentResponse* response) {
  return agency::Reply(Grant(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status ConsentService::WithdrawConsent(
    grpc::ServerContext*, const v1::WithdrawConsentRequest* request,
    v1::WithdrawConsentResponse* response) {
  return agency::Reply(Withdraw(*request), response);
}

grpc::Status ConsentService::ListConsents(
    grpc::ServerContext* context, const v1::ListConsentsRequest* request,
    v1::ListConsentsResponse* response) {
  return agency::Reply(List(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::GrantConsentResponse> ConsentService::Grant(
    const agency::CallContext& call, const v1::GrantConsentRequest& request) {
  const ConsentTerms terms = TermsOf(request);
  PSM_RETURN_IF_ERROR(CheckTerms(terms));
  const std::string name = NameOfAnswer("GrantConsent", request);
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> answer,
                       parts_.database->Answered(name, call));
  if (!answer.has_value()) {
    PSM_ASSIGN_OR_RETURN(answer, GrantNow(call, terms, name));
  }
  PSM_ASSIGN_OR_RETURN(v1::GrantConsentResponse response,
                       agency::ParseAnswer<v1::GrantConsentResponse>(*answer));
  if (!call.Grants("token")) response.clear_token();
  return response;
}

absl::StatusOr<std::string> ConsentService::GrantNow(
    const agency::CallContext& call, const ConsentTerms& terms,
    absl::string_view name) {
  PSM_ASSIGN_OR_RETURN(IssuedConsent issued, parts_.issuer->Issue(call, terms));
  v1::GrantConsentResponse response;
  response.set_consent_id(issued.stored.id);
  response.set_token(std::move(issued.token));
  response.mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(issued.stored.expire_time));
  return parts_.database->Once(
      name, call, parts_.clock->Now(),
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        PSM_RETURN_IF_ERROR(CheckAlive(sql, issued.stored.subject));
        ConsentStore::Insert(sql, issued.stored);
        return response.SerializeAsString();
      });
}

absl::StatusOr<v1::WithdrawConsentResponse> ConsentService::Withdraw(
    const v1::WithdrawConsentRequest& request) {
  PSM_ASSIGN_OR_RETURN(
      const absl::Time time,
      parts_.store->Withdraw(request.subject(), request.consent_id(),
                             parts_.clock->Now()));
  if (parts_.progress != nullptr) {
    PSM_ASSIGN_OR_RETURN(const std::uint64_t sequence,
                         parts_.store->LastSequence());
    parts_.progress->AwaitTaken(sequence, kWithdrawalPatience);
  }
  v1::WithdrawConsentResponse response;
  SetTime(time, response.mutable_withdraw_time());
  return response;
}

absl::StatusOr<v1::ListConsentsResponse> ConsentService::List(
    const agency::CallContext& call, const v1::ListConsentsRequest& request) {
  v1::ListConsentsResponse response;
  if (!call.Grants("consents")) return response;
  PSM_ASSIGN_OR_RETURN(const std::vector<StoredConsent> consents,
                       parts_.store->List(request.subject()));
  for (const StoredConsent& stored : consents) {
    v1::Consent* const consent = response.add_consents();
    consent->set_consent_id(stored.id);
    consent->set_consumer(stored.consumer);
    consent->set_affair(stored.affair);
    consent->set_method(stored.method);
    for (const std::string& attribute : stored.attributes)
      consent->add_attributes(attribute);
    SetTime(stored.grant_time, consent->mutable_grant_time());
    SetTime(stored.expire_time, consent->mutable_expire_time());
    if (stored.withdraw_time.has_value())
      SetTime(*stored.withdraw_time, consent->mutable_withdraw_time());
  }
  return response;
}

}  // namespace psm::identity
