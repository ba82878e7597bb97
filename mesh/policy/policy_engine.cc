#include "mesh/policy/policy_engine.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/policy/refusal.h"

// Why a permit means what it says: only Authorise makes one, each from a grant
// that Create has checked, whose agreement is in force at the question's time,
// and for a provider that this very engine resolved. What is not found in
// candidates_ is refused; there is no other way to an answer.

namespace psm {
namespace {

// Whether two lists of systems, each sorted by id, share one.
bool Overlap(const std::vector<const System*>& a,
             const std::vector<const System*>& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) return true;
    (*i)->id < (*j)->id ? ++i : ++j;
  }
  return false;
}

AttributeMask MaskOf(const MethodPlan& plan,
                     const std::vector<std::string>& names) {
  AttributeMask mask = 0;
  // A name that the contract does not have (any more) widens nothing.
  for (const std::string& name : names) mask |= plan.BitOf(name);
  return mask;
}

// What a consent allows of a grant, or why it does not fit.
absl::StatusOr<AttributeMask> NarrowByConsent(
    const CompiledAgreement& agreement, const CompiledGrant& grant,
    const Consent& consent, absl::Time now) {
  const MethodPlan& plan = *grant.plan;
  if (consent.consumer != agreement.consumer->id)
    return ConsentForOther(agreement, plan, "consumer");
  if (consent.affair != agreement.affair->id)
    return ConsentForOther(agreement, plan, "affair");
  if (consent.method != plan.name)
    return ConsentForOther(agreement, plan, "method");
  if (now >= consent.expire_time) return ConsentExpired(agreement, plan);
  if (plan.write &&
      consent.expire_time - consent.issue_time > kLongestWriteConsent)
    return ConsentTooLong(agreement, plan);
  const AttributeMask mask =
      grant.attributes & MaskOf(plan, consent.attributes);
  if (mask == 0 && grant.attributes != 0)
    return ConsentForOther(agreement, plan, "set of attributes");
  return mask;
}

// Whether somebody acts for the person where, and only where, the affair says
// so. A transparent method is about nobody.
absl::Status CheckRepresented(const CompiledAgreement& agreement,
                              const MethodPlan& plan,
                              const Representation* representation) {
  const Representative by = agreement.affair->representative;
  if (representation == nullptr) {
    if (by == Representative::kNone || plan.transparent)
      return absl::OkStatus();
    return RepresentationRequired(agreement, plan);
  }
  if (by == Representative::kNone)
    return RepresentationInvalid("came with an affair in which nobody acts");
  if (by != representation->capacity)
    return RepresentationInvalid("lets act as something else than the affair");
  return absl::OkStatus();
}

}  // namespace

const System* PolicyEngine::Candidate::FindProvider(
    absl::string_view id) const {
  auto found = std::lower_bound(providers->begin(), providers->end(), id,
                                [](const System* system, absl::string_view x) {
                                  return absl::string_view(system->id) < x;
                                });
  return found != providers->end() && (*found)->id == id ? *found : nullptr;
}

absl::StatusOr<std::shared_ptr<const PolicyEngine>> PolicyEngine::Create(
    const Configuration& configuration,
    std::shared_ptr<const Directory> directory,
    std::shared_ptr<const ContractSet> contracts) {
  std::shared_ptr<PolicyEngine> engine(new PolicyEngine());
  engine->directory_ = std::move(directory);
  engine->contracts_ = std::move(contracts);
  // In the order of ids, so that which of two overlapping agreements is named,
  // and which of several a transparent method uses, does not hang on files.
  std::vector<const config::v1::Agreement*> sorted;
  for (const config::v1::Agreement& agreement : configuration.mesh.agreements())
    sorted.push_back(&agreement);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->id() < b->id(); });
  for (const config::v1::Agreement* agreement : sorted)
    PSM_RETURN_IF_ERROR(engine->Add(configuration, *agreement));
  PSM_RETURN_IF_ERROR(engine->CheckOverlaps(configuration));
  return engine;
}

absl::Status PolicyEngine::Add(const Configuration& configuration,
                               const config::v1::Agreement& from) {
  if (!list_.empty() && list_.back()->id == from.id())
    return ConfigurationError(configuration,
                              absl::StrCat("agreement ", from.id()),
                              "is defined twice");
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<CompiledAgreement> agreement,
      CompileAgreement(configuration, from, *directory_, *contracts_));
  for (const CompiledGrant& grant : agreement->grants) {
    const Candidate candidate = {
        agreement.get(), &grant,
        grant.providers.empty() ? &directory_->ProvidersOf(grant.plan->service)
                                : &grant.providers};
    Key key = {agreement->consumer->id, agreement->affair->id,
               grant.plan->name};
    candidates_[key].push_back(candidate);
    if (grant.plan->transparent) {
      key.affair = absl::string_view();
      candidates_[key].push_back(candidate);
    }
  }
  if (!agreement->events.empty()) {
    own_[{agreement->consumer->id, agreement->affair->id, EventsPlan().name}]
        .push_back(agreement.get());
  }
  if (agreement->records != 0) {
    own_[{agreement->consumer->id, agreement->affair->id, RecordsPlan().name}]
        .push_back(agreement.get());
  }
  list_.push_back(agreement.get());
  agreements_.push_back(std::move(agreement));
  return absl::OkStatus();
}

absl::Status PolicyEngine::CheckOverlaps(
    const Configuration& configuration) const {
  for (const CompiledAgreement* agreement : list_) {
    for (const CompiledGrant& grant : agreement->grants) {
      const std::vector<Candidate>& rivals = CandidatesFor(
          {agreement->consumer->id, agreement->affair->id, grant.plan->name});
      // Candidates stand in the order of list_: each pair is seen once, from
      // its later half.
      const Candidate* self = nullptr;
      for (const Candidate& rival : rivals)
        if (rival.grant == &grant) self = &rival;
      for (const Candidate* rival = rivals.data(); rival != self; ++rival) {
        const CompiledAgreement& earlier = *rival->agreement;
        if (earlier.by_consent != agreement->by_consent ||
            agreement->start_time >= earlier.end_time ||
            earlier.start_time >= agreement->end_time ||
            !Overlap(*rival->providers, *self->providers))
          continue;
        const std::string name = absl::StrCat("agreement ", earlier.id);
        return ConfigurationError(
            configuration, absl::StrCat("agreement ", agreement->id),
            absl::StrCat("covers ", grant.plan->name,
                         " for the same consumer, affair, provider, basis and "
                         "days as ",
                         &earlier == agreement ? "another of its grants" : name,
                         " (", PlaceOf(configuration, name),
                         "); merge the two, or change providers or dates"));
      }
    }
  }
  return absl::OkStatus();
}

const std::vector<PolicyEngine::Candidate>& PolicyEngine::CandidatesFor(
    const Key& key) const {
  static const std::vector<Candidate>* const kNone =
      new std::vector<Candidate>();
  auto found = candidates_.find(key);
  return found == candidates_.end() ? *kNone : found->second;
}

absl::StatusOr<Permit> PolicyEngine::Authorise(const Question& question) const {
  const System& consumer = *question.consumer;
  const std::vector<Candidate>& candidates =
      CandidatesFor({consumer.id, question.affair, question.plan->name});
  const Candidate* by_statute = nullptr;
  const Candidate* by_consent = nullptr;
  const System* statute_provider = nullptr;
  const System* consent_provider = nullptr;
  const CompiledAgreement* out_of_force = nullptr;
  for (const Candidate& candidate : candidates) {
    const System* provider = candidate.FindProvider(question.provider->id);
    if (provider == nullptr) continue;
    if (!candidate.agreement->InForceAt(question.now)) {
      out_of_force =
          LikelierMeant(out_of_force, candidate.agreement, question.now);
    } else if (!candidate.agreement->by_consent) {
      by_statute = &candidate;
      statute_provider = provider;
      break;
    } else if (by_consent == nullptr) {
      by_consent = &candidate;
      consent_provider = provider;
    }
  }

  if (const Candidate* const allows =
          by_statute != nullptr ? by_statute : by_consent;
      allows != nullptr) {
    PSM_RETURN_IF_ERROR(CheckRepresented(*allows->agreement, *question.plan,
                                         question.representation));
  }
  Permit permit;
  if (by_statute != nullptr) {
    permit.agreement_ = by_statute->agreement;
    permit.plan_ = by_statute->grant->plan;
    permit.provider_ = statute_provider;
    permit.attributes_ = by_statute->grant->attributes;
    permit.consent_expire_time_ = absl::InfiniteFuture();
    return permit;
  }
  if (by_consent != nullptr) {
    const CompiledAgreement& agreement = *by_consent->agreement;
    if (question.consent == nullptr)
      return ConsentRequired(agreement, *by_consent->grant->plan);
    PSM_ASSIGN_OR_RETURN(permit.attributes_,
                         NarrowByConsent(agreement, *by_consent->grant,
                                         *question.consent, question.now));
    permit.agreement_ = &agreement;
    permit.plan_ = by_consent->grant->plan;
    permit.provider_ = consent_provider;
    permit.consent_id_ = question.consent->id;
    permit.consent_expire_time_ = question.consent->expire_time;
    return permit;
  }
  if (out_of_force != nullptr)
    return NotInForce(*out_of_force, *question.plan, question.now);
  return NoAgreement(consumer, *question.plan, question.affair,
                     /*other_provider=*/!candidates.empty(), *directory_);
}

absl::Status PolicyEngine::MayCall(const System& consumer,
                                   const MethodPlan& plan,
                                   absl::string_view affair, absl::Time now,
                                   const Representation* representation) const {
  const CompiledAgreement* out_of_force = nullptr;
  for (const Candidate& candidate :
       CandidatesFor({consumer.id, affair, plan.name})) {
    if (candidate.agreement->InForceAt(now)) {
      return CheckRepresented(*candidate.agreement, plan, representation);
    }
    out_of_force = LikelierMeant(out_of_force, candidate.agreement, now);
  }
  if (out_of_force != nullptr) return NotInForce(*out_of_force, plan, now);
  return NoAgreement(consumer, plan, affair, /*other_provider=*/false,
                     *directory_);
}

const CompiledAgreement* PolicyEngine::FindWithholding(const System& consumer,
                                                       const MethodPlan& plan,
                                                       absl::string_view affair,
                                                       absl::Time now) const {
  for (const Candidate& candidate :
       CandidatesFor({consumer.id, affair, plan.name})) {
    if (candidate.agreement->InForceAt(now) &&
        !candidate.agreement->undisclosed_by.ja.empty())
      return candidate.agreement;
  }
  return nullptr;
}

absl::Status PolicyEngine::MayUse(const System& consumer,
                                  const MethodPlan& plan, AttributeMask records,
                                  absl::string_view affair,
                                  absl::Time now) const {
  const CompiledAgreement* out_of_force = nullptr;
  const auto found = own_.find({consumer.id, affair, plan.name});
  if (found != own_.end()) {
    for (const CompiledAgreement* agreement : found->second) {
      if ((records & ~agreement->records) != 0) continue;
      if (agreement->InForceAt(now)) return absl::OkStatus();
      out_of_force = LikelierMeant(out_of_force, agreement, now);
    }
  }
  if (out_of_force != nullptr) return NotInForce(*out_of_force, plan, now);
  return NoAgreement(consumer, plan, affair, /*other_provider=*/false,
                     *directory_);
}

absl::Status PolicyEngine::MaySubscribe(const System& consumer,
                                        absl::string_view affair,
                                        absl::Time now) const {
  return MayUse(consumer, EventsPlan(), 0, affair, now);
}

absl::Status PolicyEngine::MayReadRecords(const System& consumer,
                                          absl::string_view whose,
                                          absl::string_view affair,
                                          absl::Time now) const {
  return MayUse(consumer, RecordsPlan(), RecordsPlan().BitOf(whose), affair,
                now);
}

const CompiledAgreement* PolicyEngine::FindEvents(
    const System& consumer, absl::string_view affair, absl::string_view type,
    absl::string_view publisher, bool any_publisher, bool by_consent,
    absl::Time now) const {
  const auto found = own_.find({consumer.id, affair, EventsPlan().name});
  if (found == own_.end()) return nullptr;
  for (const CompiledAgreement* agreement : found->second) {
    if (agreement->by_consent != by_consent || !agreement->InForceAt(now))
      continue;
    for (const CompiledEventGrant& grant : agreement->events) {
      if (std::find(grant.types.begin(), grant.types.end(), type) ==
          grant.types.end())
        continue;
      const auto& named = grant.publishers;
      const auto is_it = [&](const System* system) {
        return system->id == publisher;
      };
      if (named.empty() ||
          (!any_publisher && std::any_of(named.begin(), named.end(), is_it)))
        return agreement;
    }
  }
  return nullptr;
}

const CompiledAgreement* PolicyEngine::FindConsentableEvents(
    const System& consumer, absl::string_view affair,
    const std::vector<std::string>& types, absl::Time now) const {
  const auto found = own_.find({consumer.id, affair, EventsPlan().name});
  if (found == own_.end()) return nullptr;
  for (const CompiledAgreement* agreement : found->second) {
    if (!agreement->by_consent || !agreement->InForceAt(now)) continue;
    const auto is_granted = [&](const std::string& type) {
      return std::any_of(agreement->events.begin(), agreement->events.end(),
                         [&](const CompiledEventGrant& grant) {
                           return std::binary_search(grant.types.begin(),
                                                     grant.types.end(), type);
                         });
    };
    if (std::all_of(types.begin(), types.end(), is_granted)) return agreement;
  }
  return nullptr;
}

const MethodPlan& EventsPlan() {
  static const MethodPlan* const plan = [] {
    auto* made = new MethodPlan();
    made->service = "psm.events.v1.EventsService";
    made->name = "psm.events.v1.EventsService/Subscribe";
    made->path = "/psm.events.v1.EventsService/Subscribe";
    made->dataset = "events";
    made->consentable = true;
    return made;
  }();
  return *plan;
}

absl::Status PolicyEngine::Recheck(const Permit& permit, absl::Time now) const {
  const CompiledAgreement& given = permit.agreement();
  if (now >= permit.consent_expire_time_)
    return ConsentExpired(given, permit.plan());
  for (const Candidate& candidate : CandidatesFor(
           {given.consumer->id, given.affair->id, permit.plan().name})) {
    if (candidate.agreement->by_consent != given.by_consent ||
        candidate.agreement->affair->representative !=
            given.affair->representative ||
        !candidate.agreement->InForceAt(now) ||
        candidate.FindProvider(permit.provider().id) == nullptr)
      continue;
    // Bits belong to a plan: another configuration's are compared by name.
    const MethodPlan& plan = *candidate.grant->plan;
    bool covered = true;
    if (&plan == &permit.plan()) {
      covered = (permit.attributes() & ~candidate.grant->attributes) == 0;
    } else {
      for (const std::string& name : permit.plan().NamesOf(permit.attributes()))
        covered &= (plan.BitOf(name) & candidate.grant->attributes) != 0;
    }
    if (covered) return absl::OkStatus();
  }
  return NotInForce(given, permit.plan(), now);
}

}  // namespace psm
