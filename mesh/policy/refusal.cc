#include "mesh/policy/refusal.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

// The caller wrote it: only what has the form of an affair id is repeated.
absl::string_view Repeatable(absl::string_view affair) {
  return IsAffairId(affair) ? affair : absl::string_view();
}

absl::Status Refuse(absl::StatusCode code, absl::string_view reason,
                    absl::string_view message,
                    const CompiledAgreement& agreement,
                    const MethodPlan& plan) {
  return MakeError(code, reason, Party::kConsumer, message,
                   {{"consumer", agreement.consumer->id},
                    {"method", plan.name},
                    {"affair", agreement.affair->id},
                    {"agreement", agreement.id}});
}

}  // namespace

Impediment FindImpediment(const System& consumer, const MethodPlan& plan,
                          absl::string_view affair,
                          const Directory& directory) {
  const bool may_be_empty = plan.transparent && affair.empty();
  if (!IsAffairId(affair) && !may_be_empty)
    return {affair.empty() ? "the call names no affair"
                           : "the call names an affair that is malformed",
            "name the affair in psm-affair", false};
  if (const LegalLimit& limit = plan.legal_limit; !limit.purpose.empty()) {
    const Affair* known = directory.FindAffair(affair);
    if (known == nullptr ||
        std::find(known->purposes.begin(), known->purposes.end(),
                  limit.purpose) == known->purposes.end())
      return {limit.statute_en,
              absl::StrCat("name an affair that serves ", limit.purpose), true};
  }
  if (consumer.agency->relying_party && !plan.consentable)
    return {absl::StrCat(consumer.id,
                         " is a relying party's and acts on consent alone, "
                         "and ",
                         plan.name, " is not consentable"),
            "ask for a method whose contract is consentable", false};
  return {};
}

const CompiledAgreement* LikelierMeant(const CompiledAgreement* a,
                                       const CompiledAgreement* b,
                                       absl::Time now) {
  if (a == nullptr) return b;
  const bool a_begins = now < a->start_time;
  const bool b_begins = now < b->start_time;
  if (a_begins != b_begins) return a_begins ? a : b;
  if (a_begins) return a->start_time <= b->start_time ? a : b;
  return a->end_time >= b->end_time ? a : b;
}

std::string NoAgreementRule(const System& consumer, const MethodPlan& plan,
                            absl::string_view affair, bool other_provider) {
  const std::string for_affair =
      affair.empty() ? std::string()
                     : absl::StrCat(" for affair ", Repeatable(affair));
  return other_provider
             ? absl::StrCat("no agreement gives ", consumer.id, " ", plan.name,
                            for_affair, " from this provider, only from others")
             : absl::StrCat("no agreement gives ", consumer.id, " ", plan.name,
                            for_affair);
}

std::string NotInForceRule(const CompiledAgreement& agreement, absl::Time now) {
  return now < agreement.start_time
             ? absl::StrCat("agreement ", agreement.id, " begins on ",
                            agreement.ValidFrom())
             : absl::StrCat("agreement ", agreement.id, " ended with ",
                            agreement.ValidThrough());
}

absl::Status NoAgreement(const System& consumer, const MethodPlan& plan,
                         absl::string_view affair, bool other_provider,
                         const Directory& directory) {
  const Impediment impediment =
      FindImpediment(consumer, plan, affair, directory);
  if (!impediment.rule.empty()) {
    absl::Status status = MakeError(
        absl::StatusCode::kPermissionDenied, "NO_AGREEMENT", Party::kConsumer,
        absl::StrCat(impediment.rule,
                     "; no agreement can allow it: ", impediment.remedy),
        {{"consumer", consumer.id},
         {"method", plan.name},
         {"affair", Repeatable(affair)},
         {"rule", impediment.rule}});
    if (impediment.by_law) {
      status = WithMetadata(status, "statute_ja", plan.legal_limit.statute_ja);
      status = WithMetadata(status, "statute_en", plan.legal_limit.statute_en);
    }
    return status;
  }
  const std::string rule =
      NoAgreementRule(consumer, plan, affair, other_provider);
  const absl::string_view shown =
      affair.empty() ? absl::string_view("''") : Repeatable(affair);
  return MakeError(
      absl::StatusCode::kPermissionDenied, "NO_AGREEMENT", Party::kConsumer,
      absl::StrCat(rule,
                   "; ask the provider for an agreement for this affair; "
                   "`./psm check --why ",
                   consumer.id, " ", plan.name, " ", shown, "` shows its text"),
      {{"consumer", consumer.id},
       {"method", plan.name},
       {"affair", Repeatable(affair)},
       {"rule", rule}});
}

absl::Status NotInForce(const CompiledAgreement& agreement,
                        const MethodPlan& plan, absl::Time now) {
  const std::string rule = NotInForceRule(agreement, now);
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "AGREEMENT_NOT_IN_FORCE", Party::kConsumer,
                   absl::StrCat(rule, "; ask the provider to change its dates"),
                   {{"consumer", agreement.consumer->id},
                    {"method", plan.name},
                    {"affair", agreement.affair->id},
                    {"agreement", agreement.id},
                    {"valid_from", agreement.ValidFrom()},
                    {"valid_through", agreement.ValidThrough()},
                    {"rule", rule}});
}

absl::Status ConsentRequired(const CompiledAgreement& agreement,
                             const MethodPlan& plan) {
  return Refuse(
      absl::StatusCode::kFailedPrecondition, "CONSENT_REQUIRED",
      absl::StrCat("agreement ", agreement.id,
                   " rests on the subject's consent; obtain a consent token "
                   "and send it in psm-consent"),
      agreement, plan);
}

absl::Status RepresentationRequired(const CompiledAgreement& agreement,
                                    const MethodPlan& plan) {
  return Refuse(
      absl::StatusCode::kFailedPrecondition, "REPRESENTATION_REQUIRED",
      absl::StrCat("affair ", agreement.affair->id,
                   " is a representative's; have the representative act "
                   "(ActFor) and send the token in psm-representation"),
      agreement, plan);
}

absl::Status ConsentExpired(const CompiledAgreement& agreement,
                            const MethodPlan& plan) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "CONSENT_EXPIRED",
                "the consent has expired; ask the person for a new one",
                agreement, plan);
}

absl::Status ConsentTooLong(const CompiledAgreement& agreement,
                            const MethodPlan& plan) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "CONSENT_TOO_LONG",
                "a consent to what changes something holds for an hour at "
                "most; ask the person for a shorter one",
                agreement, plan);
}

absl::Status ConsentForOther(const CompiledAgreement& agreement,
                             const MethodPlan& plan, absl::string_view what) {
  return Refuse(absl::StatusCode::kPermissionDenied, "CONSENT_INVALID",
                absl::StrCat("the consent was given for another ", what,
                             "; ask the person for one that fits"),
                agreement, plan);
}

}  // namespace psm
