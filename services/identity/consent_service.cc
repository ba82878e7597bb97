// The order of GrantConsent: the mesh authorises and records the disclosure
// first, then the consent and the answer are written in one transaction, then
// the token leaves. A crash in between leaves a disclosure on record and no
// token; the retry, under the same exchange id, makes no second record.
#include "services/identity/consent_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/time_util.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/policy/consent.h"
#include "services/identity/reply.h"

namespace psm::identity {
namespace {

constexpr int kMaxAttributes = 32;

absl::Status NotPossible(absl::string_view why) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "CONSENT_NOT_POSSIBLE", why);
}

// `[a-z][a-z0-9<also>]*`, at most `max` characters: ids as the configuration
// and contracts have them. What passes is safe as metadata (library trap 2).
bool IsId(absl::string_view id, std::size_t max, char also) {
  return !id.empty() && id.size() <= max &&
         absl::ascii_islower(static_cast<unsigned char>(id[0])) &&
         std::all_of(id.begin(), id.end(), [also](char c) {
           const auto u = static_cast<unsigned char>(c);
           return absl::ascii_islower(u) || absl::ascii_isdigit(u) || c == also;
         });
}

bool IsSystem(absl::string_view id) {
  const std::vector<absl::string_view> parts = absl::StrSplit(id, '/');
  return parts.size() == 2 && IsId(parts[0], 31, '-') &&
         IsId(parts[1], 31, '-');
}

// Sorted, without doubles; empty where one is malformed or there are none or
// too many.
std::vector<std::string> Attributes(const v1::GrantConsentRequest& request) {
  std::vector<std::string> names(request.attributes().begin(),
                                 request.attributes().end());
  if (names.size() > kMaxAttributes) return {};
  for (const std::string& name : names) {
    if (!IsId(name, 63, '_')) return {};
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// How long the consent shall hold; zero where the request is out of range.
absl::Duration DurationOf(const v1::GrantConsentRequest& request) {
  if (!request.has_duration()) return kDefaultConsent;
  const absl::Duration wanted =
      absl::Seconds(request.duration().seconds());  // tokens count seconds
  return wanted > absl::ZeroDuration() && wanted <= kLongestConsent &&
                 request.duration().nanos() == 0
             ? wanted
             : absl::ZeroDuration();
}

absl::Status CheckRequest(const v1::GrantConsentRequest& request) {
  if (!IsSystem(request.consumer()))
    return NotPossible("the consumer is not the id of a system");
  if (!IsId(request.affair(), 63, '-'))
    return NotPossible("the affair is not the id of an affair");
  if (request.method() != "psm.identity.v1.BasicItemsService/GetBasicItems")
    return NotPossible("consent is possible for the four basic items only");
  if (Attributes(request).empty())
    return NotPossible("name 1 to 32 attributes of the method");
  if (DurationOf(request) == absl::ZeroDuration())
    return NotPossible("the duration is whole seconds, at most 365 days");
  return absl::OkStatus();
}

// What a failed disclosure means for the person who wanted to consent.
absl::Status AfterDisclosure(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "NO_AGREEMENT" || reason == "AGREEMENT_NOT_IN_FORCE" ||
      (absl::IsInvalidArgument(status) && reason != "SUBJECT_CODE_INVALID")) {
    return NotPossible(
        "the consumer has no agreement for this affair and these attributes");
  }
  LogWarning(
      "disclosure_failed",
      {{"code", absl::StatusCodeToString(status.code())}, {"reason", reason}});
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
      absl::IsResourceExhausted(status) || absl::IsCancelled(status)) {
    return agency::Refusal(status.code(), "DISCLOSURE_UNAVAILABLE",
                           "the mesh could not record the disclosure now: try "
                           "again later");
  }
  return agency::Refusal(absl::StatusCode::kInternal, "DISCLOSURE_FAILED",
                         "the mesh refused the disclosure");
}

void SetTime(absl::Time time, google::protobuf::Timestamp* proto) {
  *proto = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
      absl::ToUnixMicros(time));
}

std::string NameFor(const v1::GrantConsentRequest& request) {
  // An exchange id used again for another request, when the gateway has
  // forgotten it, must not bring back another person's token.
  return absl::StrCat(
      "GrantConsent/",
      absl::BytesToHexString(Sha256(request.SerializeAsString())));
}

}  // namespace

grpc::Status ConsentService::GrantConsent(
    grpc::ServerContext* context, const v1::GrantConsentRequest* request,
    v1::GrantConsentResponse* response) {
  return Reply(Grant(agency::CallContext::From(*context), *request), response);
}

grpc::Status ConsentService::WithdrawConsent(
    grpc::ServerContext*, const v1::WithdrawConsentRequest* request,
    v1::WithdrawConsentResponse* response) {
  return Reply(Withdraw(*request), response);
}

grpc::Status ConsentService::ListConsents(
    grpc::ServerContext* context, const v1::ListConsentsRequest* request,
    v1::ListConsentsResponse* response) {
  return Reply(List(agency::CallContext::From(*context), *request), response);
}

absl::StatusOr<v1::GrantConsentResponse> ConsentService::Grant(
    const agency::CallContext& call, const v1::GrantConsentRequest& request) {
  PSM_RETURN_IF_ERROR(CheckRequest(request));
  const std::string name = NameFor(request);
  PSM_ASSIGN_OR_RETURN(std::optional<std::string> answer,
                       parts_.database->Answered(name, call));
  if (!answer.has_value()) {
    PSM_ASSIGN_OR_RETURN(answer, GrantNow(call, request, name));
  }
  v1::GrantConsentResponse response;
  if (!response.ParseFromString(*answer))
    return absl::InternalError("a kept answer does not parse");
  if (!call.Grants("token")) response.clear_token();
  return response;
}

absl::StatusOr<std::string> ConsentService::GrantNow(
    const agency::CallContext& call, const v1::GrantConsentRequest& request,
    absl::string_view name) {
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       parts_.holders->Find(request.subject()));
  if (!holder.has_value()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                           "the person holds no card");
  }
  const std::vector<std::string> attributes = Attributes(request);
  const absl::StatusOr<std::string> code =
      parts_.disclosures->Disclose(call, {.audience = request.consumer(),
                                          .affair = request.affair(),
                                          .subject = request.subject(),
                                          .method = request.method(),
                                          .attributes = attributes});
  if (!code.ok()) return AfterDisclosure(code.status());

  const absl::Time now = parts_.clock->Now();
  StoredConsent stored;
  stored.id = NewUuid(*parts_.random);
  stored.subject = request.subject();
  stored.consumer = request.consumer();
  stored.affair = request.affair();
  stored.method = request.method();
  stored.attributes = attributes;
  stored.grant_time = now;
  // A token's times are whole seconds; what the person sees is what it says.
  const absl::Time issue = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  stored.expire_time = issue + DurationOf(request);

  Consent consent;
  consent.id = stored.id;
  consent.subject = *code;
  consent.consumer = stored.consumer;
  consent.affair = stored.affair;
  consent.method = stored.method;
  consent.attributes = stored.attributes;
  consent.issue_time = issue;
  consent.expire_time = stored.expire_time;
  PSM_ASSIGN_OR_RETURN(
      std::string token,
      SignConsent(consent, parts_.key->key(), parts_.key->kid()));

  v1::GrantConsentResponse response;
  response.set_consent_id(stored.id);
  response.set_token(std::move(token));
  response.mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(stored.expire_time));
  return parts_.database->Once(
      name, call, now, [&](soci::session& sql) -> absl::StatusOr<std::string> {
        ConsentStore::Insert(sql, stored);
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
