#include "mesh/exchange/release.h"

#include <utility>

#include "mesh/records/receipt.h"

namespace psm {
namespace {

// What development tools see of the leg.
void Observe(Environment& env, const Draft& draft,
             const absl::Status& outcome) {
  if (env.observer == nullptr) return;
  LegReport report;
  report.consumer = std::string(draft.consumer());
  report.provider = std::string(draft.provider());
  report.affair = std::string(draft.affair());
  report.method = std::string(draft.method());
  report.corporation = draft.corporation();
  report.exchange_id = draft.exchange_id();
  report.took = env.clock.Monotonic() - draft.started();
  report.outcome = outcome;
  if (!draft.agreement().empty())
    report.basis = draft.consent_id().empty() ? "statute" : "consent";
  if (outcome.ok()) {
    report.released = draft.released();
    report.withheld = draft.withheld();
  }
  const Directory& directory = env.policy->directory();
  auto code_at = [&](const std::string& system) -> std::string {
    const System* found = directory.FindSystem(system);
    if (found == nullptr || !draft.subject().has_value()) return "";
    return env.scopes.For(found->agency->scope_kind(), found->agency->id)
        .Encode(*draft.subject());
  };
  report.consumer_code = code_at(report.consumer);
  report.provider_code = code_at(report.provider);
  env.observer->OnLeg(std::move(report));
}

Answer AnswerOf(const Draft& draft, std::string exchange_id,
                absl::Status status, std::string message) {
  Answer answer;
  answer.status = std::move(status);
  answer.message = std::move(message);
  answer.exchange_id = std::move(exchange_id);
  answer.provider = std::string(draft.provider());
  answer.provide_time = draft.provide_time();
  return answer;
}

}  // namespace

Answer Release(Environment& env, Draft& draft, Durable durable) {
  Observe(env, draft, absl::OkStatus());
  Answer answer = AnswerOf(draft, draft.TakeExchangeId(), absl::OkStatus(),
                           durable.TakeMessage());
  answer.receipt = MakeReceipt(durable.recorded());
  return answer;
}

Answer EndUnrecorded(Environment& env, const Draft& draft,
                     const absl::Status& outcome) {
  Observe(env, draft, outcome);
  return AnswerOf(draft, draft.exchange_id(), outcome, "");
}

Task<Answer> Refuse(Environment& env, Draft& draft,
                    const absl::Status& refusal) {
  std::vector<records::v1::Record> entries =
      draft.Entries(env, records::v1::Record::REFUSAL, refusal);
  // A provider's own refusal says something about the person: each gets its
  // record. The gateway's may be one of a flood.
  // So does the outcome of a write whose intent is recorded.
  // But a retry that fails as before says nothing new.
  const bool counts_alone = draft.asked() || draft.intended();
  const bool recorded_before = draft.RefusedBefore(refusal);
  if (!recorded_before && (counts_alone || env.refusals.TakesOwnRecords(
                                               entries, env.clock.Now()))) {
    draft.EndExpected();
    Completion<absl::StatusOr<Recorded>> recorded;
    env.log.Append(std::move(entries), env.executor, &recorded);
    absl::StatusOr<Recorded> durable = co_await recorded;
    if (!durable.ok()) co_return EndUnrecorded(env, draft, durable.status());
    Answer answer = EndUnrecorded(env, draft, refusal);
    if (draft.is_callers()) answer.receipt = MakeReceipt(*durable);
    co_return answer;
  }
  co_return EndUnrecorded(env, draft, refusal);
}

}  // namespace psm
