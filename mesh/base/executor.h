// The one thing that core code asks of an event loop.
#ifndef PSM_MESH_BASE_EXECUTOR_H_
#define PSM_MESH_BASE_EXECUTOR_H_

#include "absl/functional/any_invocable.h"

namespace psm {

// One thread's queue of work. Post is thread-safe and never runs `work` before
// it returns.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Post(absl::AnyInvocable<void()> work) = 0;
};

}  // namespace psm

#endif  // PSM_MESH_BASE_EXECUTOR_H_
