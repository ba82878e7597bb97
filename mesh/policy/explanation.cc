// PolicyEngine::Explain: the same decision with words, and the agreement that
// is missing.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/policy/refusal.h"

namespace psm {
namespace {

constexpr std::size_t kMaxNear = 10;
constexpr std::size_t kMaxAgreementId = 63;

// "GetTaxStatus" -> "get-tax-status".
std::string KebabCase(absl::string_view name) {
  std::string out;
  for (char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if ((upper || c == '_') && !out.empty() && out.back() != '-') out += '-';
    if (c != '_') out += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// An id for a new agreement that none of `existing` has.
std::string NewAgreementId(
    const System& consumer, absl::string_view affair, const MethodPlan& plan,
    const std::vector<const CompiledAgreement*>& existing) {
  std::string base =
      absl::StrCat(consumer.id, "-", affair, "-",
                   KebabCase(plan.name.substr(plan.name.rfind('/') + 1)));
  std::replace(base.begin(), base.end(), '/', '-');
  base.resize(std::min(base.size(), kMaxAgreementId));
  std::string id = base;
  for (int number = 2;; ++number) {
    if (std::none_of(existing.begin(), existing.end(),
                     [&](const auto* a) { return a->id == id; }))
      return id;
    const std::string suffix = absl::StrCat("-", number);
    id = absl::StrCat(base.substr(0, kMaxAgreementId - suffix.size()), suffix);
  }
}

}  // namespace

Explanation PolicyEngine::Explain(const System& consumer,
                                  const MethodPlan& plan,
                                  absl::string_view affair,
                                  const System* provider,
                                  absl::Time now) const {
  Explanation explanation;
  const Key key = {consumer.id, affair, plan.name};
  const CompiledAgreement* allows = nullptr;
  const CompiledAgreement* out_of_force = nullptr;
  const std::vector<Candidate>& candidates = CandidatesFor(key);
  for (const Candidate& candidate : candidates) {
    if (provider != nullptr && candidate.FindProvider(provider->id) == nullptr)
      continue;
    if (!candidate.agreement->InForceAt(now)) {
      out_of_force = LikelierMeant(out_of_force, candidate.agreement, now);
    } else if (allows == nullptr || allows->by_consent) {
      allows = candidate.agreement;
    }
  }
  if (allows != nullptr) {
    explanation.allowed = true;
    explanation.needs_consent = allows->by_consent;
    explanation.rule =
        allows->by_consent
            ? absl::StrCat("agreement ", allows->id, " (version ",
                           allows->version,
                           ") allows it for calls that carry the subject's "
                           "consent token in psm-consent")
            : absl::StrCat("agreement ", allows->id, " (version ",
                           allows->version, ") allows it on the basis of ",
                           allows->statute.en);
    if (allows->affair->representative != Representative::kNone) {
      absl::StrAppend(
          &explanation.rule,
          allows->by_consent ? " and a" : ", for calls that carry a",
          allows->affair->representative == Representative::kParent
              ? " parent's"
              : " guardian's",
          " representation token in psm-representation");
    }
    return explanation;
  }

  explanation.near = NearTo(key, provider, now);
  if (directory_->FindSystem(consumer.id) == nullptr) {
    explanation.rule =
        absl::StrCat("the configuration has no system ", consumer.id);
    return explanation;
  }
  const Impediment impediment =
      FindImpediment(consumer, plan, affair, *directory_);
  if (!impediment.rule.empty()) {
    explanation.rule =
        absl::StrCat(impediment.rule, "; no agreement can allow ",
                     "it: ", impediment.remedy);
    return explanation;
  }
  const std::vector<const System*>& all = directory_->ProvidersOf(plan.service);
  if (all.empty()) {
    explanation.rule = absl::StrCat("no system provides ", plan.service);
    return explanation;
  }
  if (provider != nullptr &&
      std::none_of(all.begin(), all.end(), [provider](const System* system) {
        return system->id == provider->id;
      })) {
    explanation.rule =
        absl::StrCat(provider->id, " does not provide ", plan.service);
    return explanation;
  }
  explanation.rule =
      out_of_force != nullptr
          ? NotInForceRule(*out_of_force, now)
          : NoAgreementRule(consumer, plan, affair, !candidates.empty());
  explanation.missing_agreement =
      MissingAgreement(consumer, plan, affair, provider, now);
  return explanation;
}

std::vector<std::string> PolicyEngine::NearTo(const Key& key,
                                              const System* provider,
                                              absl::Time now) const {
  // By what differs: dates, provider, affair, consumer, method.
  std::vector<std::string> by_closeness[5];
  for (const CompiledAgreement* agreement : list_) {
    for (const CompiledGrant& grant : agreement->grants) {
      const bool same_consumer = agreement->consumer->id == key.consumer;
      const bool same_affair = agreement->affair->id == key.affair ||
                               (key.affair.empty() && grant.plan->transparent);
      const bool same_method = grant.plan->name == key.method;
      if (same_consumer + same_affair + same_method < 2) continue;
      const auto note = [&](std::size_t closeness, const std::string& what) {
        by_closeness[closeness].push_back(
            absl::StrCat(agreement->id, ": ", what));
      };
      if (!same_consumer) {
        note(3, absl::StrCat("for consumer ", agreement->consumer->id));
      } else if (!same_affair) {
        note(2, absl::StrCat("for affair ", agreement->affair->id));
      } else if (!same_method) {
        note(4, absl::StrCat("for method ", grant.plan->name));
      } else if (provider != nullptr && !grant.providers.empty() &&
                 std::none_of(grant.providers.begin(), grant.providers.end(),
                              [provider](const System* system) {
                                return system->id == provider->id;
                              })) {
        std::string ids;
        for (const System* system : grant.providers)
          absl::StrAppend(&ids, ids.empty() ? "" : ", ", system->id);
        note(1, absl::StrCat("for provider ", ids));
      } else if (!agreement->InForceAt(now)) {
        note(0, now < agreement->start_time
                    ? absl::StrCat("begins on ", agreement->ValidFrom())
                    : absl::StrCat("ended with ", agreement->ValidThrough()));
      }
    }
  }
  std::vector<std::string> near;
  for (std::vector<std::string>& group : by_closeness)
    for (std::string& line : group)
      if (near.size() < kMaxNear &&
          std::find(near.begin(), near.end(), line) == near.end())
        near.push_back(std::move(line));
  return near;
}

std::string PolicyEngine::MissingAgreement(const System& consumer,
                                           const MethodPlan& plan,
                                           absl::string_view affair_id,
                                           const System* provider,
                                           absl::Time now) const {
  config::v1::Mesh mesh;
  const Affair* affair = directory_->FindAffair(affair_id);
  // A transparent method named without an affair: any that exists will do.
  if (affair == nullptr && affair_id.empty() && !directory_->affairs().empty())
    affair = directory_->affairs().front();
  Text statute = {"(根拠となる条文)", "(the provision that is the basis)"};
  if (affair == nullptr) {
    config::v1::Affair* new_affair = mesh.add_affairs();
    new_affair->set_id(affair_id.empty() ? "general-information"
                                         : std::string(affair_id));
    new_affair->mutable_title()->set_ja("(事務の名称)");
    new_affair->mutable_title()->set_en("(title of the affair)");
    new_affair->mutable_statute()->set_ja(statute.ja);
    new_affair->mutable_statute()->set_en(statute.en);
  } else {
    statute = affair->statute;
  }
  config::v1::Agreement* agreement = mesh.add_agreements();
  agreement->set_affair(affair == nullptr ? mesh.affairs(0).id() : affair->id);
  agreement->set_id(NewAgreementId(consumer, agreement->affair(), plan, list_));
  agreement->set_version(1);
  agreement->set_consumer(consumer.id);
  // The caller has made sure that a relying party's method is consentable.
  const bool by_consent = consumer.agency->relying_party;
  if (by_consent) {
    agreement->mutable_consent();
  } else {
    agreement->mutable_statute()->set_ja(statute.ja);
    agreement->mutable_statute()->set_en(statute.en);
  }
  config::v1::Grant* grant = agreement->add_grants();
  grant->set_method(plan.name);
  for (const std::string& name : plan.attributes) grant->add_attributes(name);
  if (provider != nullptr) grant->add_providers(provider->id);
  agreement->set_valid_from(DayOf(now));
  // An agreement that begins later must not be overlapped.
  absl::Time next = absl::InfiniteFuture();
  for (const Candidate& candidate :
       CandidatesFor({consumer.id, agreement->affair(), plan.name}))
    if (candidate.agreement->by_consent == by_consent &&
        candidate.agreement->start_time > now &&
        (provider == nullptr ||
         candidate.FindProvider(provider->id) != nullptr))
      next = std::min(next, candidate.agreement->start_time);
  if (next != absl::InfiniteFuture())
    agreement->set_valid_through(DayOf(next - absl::Hours(24)));

  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(mesh, &text);
  return absl::StrCat(
      "# proto-file: protos/psm/config/v1/config.proto\n"
      "# proto-message: psm.config.v1.Mesh\n"
      "# Goes into the provider's configuration once both sides have agreed.\n"
      "# Strike out every attribute that the affair does not need.\n",
      affair == nullptr
          ? "# The affair is not defined yet: give it its title and statute.\n"
          : "",
      text);
}

}  // namespace psm
