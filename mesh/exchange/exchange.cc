// The order of the steps is the security argument (design section 4): nothing
// is decided before the subject is known, so that every refusal can be shown to
// the person; nothing is asked before it is authorised; nothing leaves before
// it is recorded. Arguments of co_await are named locals (gcc 12).
#include "mesh/exchange/exchange.h"

#include <coroutine>
#include <utility>

#include "mesh/exchange/draft.h"
#include "mesh/exchange/release.h"
#include "mesh/exchange/steps.h"

namespace psm {
namespace {

// Where an exchange lets those that came with it catch up, so that all take
// the next steps one after another and the code of these is fetched once: the
// whole of an exchange does not fit into a processor's first cache.
class Break {
 public:
  explicit Break(Executor& executor) : executor_(executor) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    executor_.Post([waiter] { waiter.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Executor& executor_;
};

}  // namespace

Task<Answer> RunExchange(Environment& env, Ask ask) {
  // The configuration by which this exchange is decided; Recheck looks at the
  // one then in force.
  const std::shared_ptr<const PolicyEngine> policy = env.policy;
  Draft draft(env, ask);
  LegGate::Pass pass(ask.gate);

  absl::StatusOr<Caller> caller = Authenticate(env, ask, *policy);
  if (!caller.ok()) co_return co_await Refuse(env, draft, caller.status());

  absl::Status admitted = Admit(env, *caller);
  if (!admitted.ok()) co_return co_await Refuse(env, draft, admitted);

  absl::StatusOr<Contracted> contracted =
      ResolveContract(ask, *policy, *caller, draft);
  if (!contracted.ok())
    co_return co_await Refuse(env, draft, contracted.status());
  if (contracted->plan().transparent)
    co_return co_await Refuse(env, draft, NotOfThisForm(contracted->plan()));

  absl::StatusOr<Identified> identified =
      IdentifySubjects(env, ask, *contracted, draft);
  if (!identified.ok())
    co_return co_await Refuse(env, draft, identified.status());

  absl::StatusOr<Authorised> authorised =
      Authorise(env, ask, *policy, *std::move(identified), draft);
  if (!authorised.ok())
    co_return co_await Refuse(env, draft, authorised.status());

  absl::Status fresh = CheckExchangeId(env, ask, draft);
  if (!fresh.ok()) co_return co_await Refuse(env, draft, fresh);

  Break before_asking(env.executor);
  co_await before_asking;
  absl::StatusOr<Encoded> encoded =
      EncodeForProvider(env, ask, *std::move(authorised), draft);
  if (!encoded.ok()) co_return co_await Refuse(env, draft, encoded.status());

  if (encoded->authorised.permit().plan().write) {
    absl::Status intended = co_await RecordIntent(env, draft);
    if (!intended.ok()) co_return EndUnrecorded(env, draft, intended);
  }

  absl::StatusOr<Provided> provided =
      co_await Invoke(env, ask, *encoded, draft);
  if (!provided.ok()) co_return co_await Refuse(env, draft, provided.status());

  absl::StatusOr<Minimised> minimised =
      Minimise(env, ask, *std::move(provided), draft);
  if (!minimised.ok())
    co_return co_await Refuse(env, draft, minimised.status());

  Break before_recording(env.executor);
  co_await before_recording;
  if (pass.needed()) {
    // A linkage is released as a whole: a leg that waits for slower ones is
    // looked at when they are there, not before.
    Completion<bool> open;
    pass.Await(&open);
    co_await open;
  }
  absl::StatusOr<Rechecked> rechecked =
      Recheck(env, ask, *std::move(minimised));
  if (!rechecked.ok())
    co_return co_await Refuse(env, draft, rechecked.status());

  absl::StatusOr<Durable> durable =
      co_await RecordDurably(env, *rechecked, draft);
  if (!durable.ok()) co_return EndUnrecorded(env, draft, durable.status());

  // The disk may have taken its time. Of what ended meanwhile the log says that
  // it was to be released, and then that it was not.
  absl::Status in_force = CheckInForce(env, ask, rechecked->authorised());
  if (!in_force.ok()) co_return co_await Refuse(env, draft, in_force);

  co_return Release(env, draft, *std::move(durable));
}

}  // namespace psm
