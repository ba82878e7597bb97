// What the gateway does beside answering: it follows which consents are
// withdrawn, and writes down the refusals that were only counted.
#ifndef PSM_MESH_GATEWAY_CHORES_H_
#define PSM_MESH_GATEWAY_CHORES_H_

#include "absl/functional/any_invocable.h"
#include "mesh/base/cancellation.h"
#include "mesh/edge/timer_queue.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Belongs to one worker; one for each gateway. `env` and `timers` must outlive
// it; not to be destroyed between Begin and the end of End unless the worker
// has stopped.
class Chores {
 public:
  Chores(Environment& env, edge::TimerQueue& timers);

  void Begin();

  // Gives up what is asked, writes down all that is counted, the running minute
  // included, and then calls `done`. What cannot be written is logged as lost.
  void End(absl::AnyInvocable<void()> done);

 private:
  void AskForConsents();
  void WriteRefusals(absl::Time before);
  void Finished();

  Environment& env_;
  edge::Timer ask_;
  edge::Timer write_;
  Cancellation* asking_ = nullptr;  // of the question under way
  int under_way_ = 0;
  bool consents_followed_ = true;
  bool ending_ = false;
  absl::AnyInvocable<void()> done_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_CHORES_H_
