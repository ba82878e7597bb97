#include "mesh/exchange/transparent.h"

#include <utility>

#include "mesh/base/status_macros.h"
#include "mesh/exchange/draft.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"

namespace psm {
namespace {

// Transparent methods need an agreement, but no affair: where none is named,
// any agreement of the consumer will do.
absl::string_view AffairOf(const Ask& ask, const PolicyEngine& policy,
                           const Contracted& contracted, absl::Time now) {
  if (!ask.affair.empty()) return ask.affair;
  for (const CompiledAgreement* agreement : policy.agreements()) {
    if (agreement->consumer != &contracted.consumer() ||
        now < agreement->start_time || now >= agreement->end_time) {
      continue;
    }
    for (const CompiledGrant& grant : agreement->grants) {
      if (grant.plan == &contracted.plan()) return agreement->affair->id;
    }
  }
  return "";
}

absl::StatusOr<TransparentRoute> Decide(
    Environment& env, const Ask& ask,
    const std::shared_ptr<const PolicyEngine>& policy, Draft& draft) {
  PSM_ASSIGN_OR_RETURN(Caller caller, Authenticate(env, ask, *policy));
  PSM_RETURN_IF_ERROR(Admit(env, caller));
  PSM_ASSIGN_OR_RETURN(Contracted contracted,
                       ResolveContract(ask, *policy, caller, draft));
  if (!contracted.plan().transparent) return NotOfThisForm(contracted.plan());

  Question question;
  question.consumer = &contracted.consumer();
  question.plan = &contracted.plan();
  question.now = env.clock.Now();
  question.affair = AffairOf(ask, *policy, contracted, question.now);
  PSM_RETURN_IF_ERROR(policy->MayCall(*question.consumer, *question.plan,
                                      question.affair, question.now));
  PSM_ASSIGN_OR_RETURN(question.provider,
                       ChooseProvider(ask, *policy, *question.plan,
                                      /*holdings=*/nullptr, std::nullopt));
  draft.SetProvider(question.provider->id);
  PSM_RETURN_IF_ERROR(policy->Authorise(question).status());
  // The policy keeps the system.
  return TransparentRoute{
      std::shared_ptr<const System>(policy, question.provider),
      {{"psm-consumer", ask.peer->system_id()}}};
}

}  // namespace

Task<absl::StatusOr<TransparentRoute>> RouteTransparent(Environment& env,
                                                        Ask ask) {
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  absl::StatusOr<TransparentRoute> route = Decide(env, ask, policy, draft);
  if (!route.ok()) {
    Answer refused = co_await Refuse(env, draft, route.status());
    co_return refused.status;
  }
  co_return route;
}

}  // namespace psm
