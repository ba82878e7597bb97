#include "mesh/exchange/transparent.h"

#include <utility>

#include "mesh/base/status_macros.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/trace.h"

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

absl::StatusOr<ProviderRequest> Prepare(Environment& env, const Ask& ask,
                                        const PolicyEngine& policy,
                                        const Contracted& contracted,
                                        Draft& draft) {
  Question question;
  question.consumer = &contracted.consumer();
  question.plan = &contracted.plan();
  question.now = env.clock.Now();
  question.affair = AffairOf(ask, policy, contracted, question.now);
  PSM_RETURN_IF_ERROR(policy.MayCall(*question.consumer, *question.plan,
                                     question.affair, question.now));
  PSM_ASSIGN_OR_RETURN(question.provider,
                       ChooseProvider(ask, policy, *question.plan));
  draft.record().set_provider(question.provider->id);
  PSM_RETURN_IF_ERROR(policy.Authorise(question).status());

  ProviderRequest request;
  request.provider = question.provider;
  request.path = ask.path;
  request.message = ask.message;
  request.time_left = ask.deadline - env.clock.Monotonic();
  request.metadata.emplace_back("psm-consumer", ask.peer->system_id());
  if (std::string trace = ContinueTrace(ask.traceparent, env.random);
      !trace.empty()) {
    request.metadata.emplace_back("traceparent", std::move(trace));
  }
  return request;
}

}  // namespace

Task<Answer> ForwardTransparent(Environment& env, const Ask& ask,
                                const PolicyEngine& policy,
                                const Contracted& contracted, Draft& draft) {
  absl::StatusOr<ProviderRequest> request =
      Prepare(env, ask, policy, contracted, draft);
  if (!request.ok()) co_return co_await Refuse(env, draft, request.status());
  const System& provider = *request->provider;

  Completion<ProviderReply> completion;
  env.link.Invoke(*std::move(request), *ask.cancellation, &completion);
  ProviderReply reply = co_await completion;
  if (reply.from_provider && !reply.status.ok()) {
    reply.status = InContractWords(reply.status, contracted.plan(), provider);
  }
  Answer answer = EndUnrecorded(env, draft, reply.status);
  if (answer.status.ok()) answer.message = std::move(reply.message);
  answer.exchange_id.clear();
  co_return answer;
}

}  // namespace psm
