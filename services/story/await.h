// Waits for a state that other processes make. Knows no mesh.
#ifndef PSM_SERVICES_STORY_AWAIT_H_
#define PSM_SERVICES_STORY_AWAIT_H_

#include <poll.h>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"

namespace psm::story {

// Returns true as soon as `condition` is; false where it is not within
// `patience`.
inline bool Await(absl::FunctionRef<bool()> condition,
                  absl::Duration patience = absl::Seconds(10)) {
  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + patience;
  while (!condition()) {
    if (clock.Monotonic() >= deadline) return false;
    poll(nullptr, 0, /*timeout=*/10);  // between two looks
  }
  return true;
}

}  // namespace psm::story

#endif  // PSM_SERVICES_STORY_AWAIT_H_
