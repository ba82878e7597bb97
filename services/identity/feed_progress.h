// How far the gateway has taken the consent feed in.
#ifndef PSM_SERVICES_IDENTITY_FEED_PROGRESS_H_
#define PSM_SERVICES_IDENTITY_FEED_PROGRESS_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"

namespace psm::identity {

// Thread-safe. A gateway that asks for what comes after a sequence has taken in
// all up to it.
class FeedProgress {
 public:
  // The gateway asked for what comes after `sequence`.
  void Asked(std::uint64_t sequence) PSM_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    taken_ = std::max(taken_, sequence);
    moved_.NotifyAll();
  }

  // Waits until the gateway has taken `sequence` in; false where it has not
  // within `patience`.
  bool AwaitTaken(std::uint64_t sequence, absl::Duration patience)
      PSM_EXCLUDES(mu_) {
    const SystemClock clock;
    const absl::Duration deadline = clock.Monotonic() + patience;
    MutexLock lock(mu_);
    while (taken_ < sequence) {
      const absl::Duration left = deadline - clock.Monotonic();
      if (left <= absl::ZeroDuration()) return false;
      moved_.WaitFor(mu_, absl::ToChronoNanoseconds(left));
    }
    return true;
  }

 private:
  Mutex mu_;
  CondVar moved_;
  std::uint64_t taken_ PSM_GUARDED_BY(mu_) = 0;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_FEED_PROGRESS_H_
