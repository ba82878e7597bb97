#include "mesh/exchange/protection.h"

#include "mesh/base/error.h"

namespace psm {

bool IsProtected(const Environment& env, const PersonNumber& person) {
  return env.holdings != nullptr && env.holdings->IsProtected(person);
}

bool Locates(const System& provider, const System& consumer) {
  return provider.agency->municipality &&
         provider.agency->id != consumer.agency->id;
}

AttributeMask HiddenOf(const Environment& env, const PersonNumber& person,
                       const MethodPlan& plan, const System& consumer,
                       const System& provider) {
  return plan.locating != 0 && provider.agency->id != consumer.agency->id &&
                 IsProtected(env, person)
             ? plan.locating
             : 0;
}

absl::Status NoAutomaticAnswer() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "NO_AUTOMATIC_ANSWER",
                   Party::kProvider,
                   "about this person there is no automatic answer; ask the "
                   "person, or the office in charge in writing");
}

absl::Status CheckMayAnswer(const Environment& env, const PersonNumber& person,
                            const System& consumer, const System& provider) {
  return Locates(provider, consumer) && IsProtected(env, person)
             ? NoAutomaticAnswer()
             : absl::OkStatus();
}

}  // namespace psm
