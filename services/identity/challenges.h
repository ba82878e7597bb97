// Open sign-in challenges: each good for two minutes and one use. Knows no
// cards.
#ifndef PSM_SERVICES_IDENTITY_CHALLENGES_H_
#define PSM_SERVICES_IDENTITY_CHALLENGES_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {

inline constexpr absl::Duration kChallengeLifetime = absl::Minutes(2);
inline constexpr std::size_t kChallengeSize = 32;  // bytes

// Kept in memory: a restart of identity costs those who are signing in a second
// try, and a challenge never costs a disk write. Thread-safe. `clock` and
// `random` must outlive it.
class Challenges {
 public:
  // At most `max_open` at once: beyond that the oldest is forgotten.
  Challenges(const Clock* clock, Random* random, std::size_t max_open = 100'000)
      : clock_(clock), random_(random), max_open_(max_open) {}

  struct Challenge {
    std::string id;     // UUID
    std::string bytes;  // kChallengeSize random bytes
  };

  // A new challenge for a consumer (system id; "" where it is not known).
  Challenge Begin(absl::string_view consumer) PSM_EXCLUDES(mu_);

  // The bytes of a challenge, which then is no more, whatever is done with
  // them. FAILED_PRECONDITION CHALLENGE_EXPIRED where it is unknown, used,
  // older than kChallengeLifetime, or was given to another consumer.
  absl::StatusOr<std::string> Take(absl::string_view id,
                                   absl::string_view consumer)
      PSM_EXCLUDES(mu_);

 private:
  struct Open {
    std::string bytes;
    std::string consumer;
    absl::Duration expire;  // monotonic, exclusive
  };
  void DropOldest() PSM_REQUIRES(mu_);

  const Clock* const clock_;
  Random* const random_;
  const std::size_t max_open_;
  Mutex mu_;
  absl::flat_hash_map<std::string, Open> open_ PSM_GUARDED_BY(mu_);
  // Ids in the order of their making, and so of their end; those taken are
  // still in it.
  std::deque<std::string> order_ PSM_GUARDED_BY(mu_);
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CHALLENGES_H_
