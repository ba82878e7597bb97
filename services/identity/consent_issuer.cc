#include "services/identity/consent_issuer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/policy/consent.h"

namespace psm::identity {
namespace {

constexpr int kMaxAttributes = 32;

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

// What a failed disclosure means for the person who wanted to consent.
absl::Status AfterDisclosure(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "NO_AGREEMENT" || reason == "AGREEMENT_NOT_IN_FORCE" ||
      (absl::IsInvalidArgument(status) && reason != "SUBJECT_CODE_INVALID")) {
    return ConsentNotPossible(
        "the consumer has no agreement for this affair and these attributes");
  }
  if (reason == "CONSENT_TOO_LONG") {
    return ConsentNotPossible(
        "to what changes something, name a duration of at most an hour");
  }
  if (reason == "NO_AUTOMATIC_ANSWER") {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                           "the person is protected: leave out what shows "
                           "where the person lives");
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

absl::Status NobodysCard() {
  return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                         "nobody holds the card any more");
}

}  // namespace

absl::Status ConsentNotPossible(absl::string_view why) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "CONSENT_NOT_POSSIBLE", why);
}

std::vector<std::string> AttributesOf(
    const google::protobuf::RepeatedPtrField<std::string>& given) {
  std::vector<std::string> names(given.begin(), given.end());
  if (names.size() > kMaxAttributes) return {};
  for (const std::string& name : names) {
    if (!IsId(name, 63, '_')) return {};
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::Duration DurationOf(bool given,
                          const google::protobuf::Duration& wanted) {
  if (!given) return kDefaultConsent;
  const absl::Duration duration =
      absl::Seconds(wanted.seconds());  // tokens count seconds
  return duration > absl::ZeroDuration() && duration <= kLongestConsent &&
                 wanted.nanos() == 0
             ? duration
             : absl::ZeroDuration();
}

absl::Status CheckTerms(const ConsentTerms& terms) {
  if (!IsSystem(terms.consumer))
    return ConsentNotPossible("the consumer is not the id of a system");
  if (!IsId(terms.affair, 63, '-'))
    return ConsentNotPossible("the affair is not the id of an affair");
  if (!IsMethodName(terms.method))
    return ConsentNotPossible(
        "the method is not written package.Service/Method");
  if (terms.attributes.empty())
    return ConsentNotPossible("name 1 to 32 attributes of the method");
  if (terms.duration == absl::ZeroDuration()) {
    return ConsentNotPossible(
        "the duration is whole seconds, at most 365 days");
  }
  return absl::OkStatus();
}

absl::Status CheckAlive(soci::session& sql, const std::string& subject) {
  const std::optional<CardHolder> holder = CardHolders::Find(sql, subject);
  if (!holder.has_value() || holder->died) return NobodysCard();
  return absl::OkStatus();
}

absl::StatusOr<IssuedConsent> ConsentIssuer::Issue(
    const agency::CallContext& call, const ConsentTerms& terms) {
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       parts_.holders->Find(terms.subject));
  if (!holder.has_value() || holder->died) return NobodysCard();
  const absl::StatusOr<std::string> code =
      parts_.disclosures->Disclose(call, {.audience = terms.consumer,
                                          .affair = terms.affair,
                                          .subject = terms.subject,
                                          .method = terms.method,
                                          .attributes = terms.attributes,
                                          .duration = terms.duration});
  if (!code.ok()) return AfterDisclosure(code.status());

  IssuedConsent issued;
  const absl::Time now = parts_.clock->Now();
  StoredConsent& stored = issued.stored;
  stored.id = NewUuid(*parts_.random);
  stored.subject = terms.subject;
  stored.consumer = terms.consumer;
  stored.affair = terms.affair;
  stored.method = terms.method;
  stored.attributes = terms.attributes;
  stored.grant_time = now;
  // A token's times are whole seconds; what the person sees is what it says.
  const absl::Time issue = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  stored.expire_time = issue + terms.duration;

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
      issued.token, SignConsent(consent, parts_.key->key(), parts_.key->kid()));
  return issued;
}

}  // namespace psm::identity
