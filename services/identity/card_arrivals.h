// What a card's own program has sent to the provider while a page waits for it.
// Knows no pages and no cards.
#ifndef PSM_SERVICES_IDENTITY_CARD_ARRIVALS_H_
#define PSM_SERVICES_IDENTITY_CARD_ARRIVALS_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/digest.h"

namespace psm::identity {

// The answer comes from another machine than the page, so anybody could have
// shown the challenge of a page of his own to the card's holder. Therefore the
// program shows a number, and the page goes on with nobody who does not type
// it.
inline constexpr int kNumberDigits = 6;
inline constexpr int kNumberTries = 3;
inline constexpr absl::Duration kNumberLife = absl::Minutes(2);

// Kept in memory, like challenges. Thread-safe. `clock` and `random` must
// outlive it.
class CardArrivals {
 public:
  // At most `max_open` at once: beyond that the oldest is forgotten.
  CardArrivals(const Clock* clock, Random* random,
               std::size_t max_open = 10'000)
      : clock_(clock), random_(random), max_open_(max_open) {}

  // A page waits for the answer to a challenge, `life` long.
  void Expect(const std::string& challenge_id, const std::string& challenge,
              absl::Duration life) PSM_EXCLUDES(mu_);

  // The id of a challenge for which a page waits; nothing where none does, or
  // where an answer has come.
  std::optional<std::string> Waiting(const std::string& challenge)
      PSM_EXCLUDES(mu_);

  // The answer has come: who signed, or why it is worth nothing. The number to
  // show to whoever sent it, where it is worth something; nothing where no page
  // waits any more.
  std::optional<std::string> Arrive(const std::string& challenge,
                                    absl::StatusOr<std::string> subject)
      PSM_EXCLUDES(mu_);

  // How a page's challenge stands: kOver also where what came is an error.
  enum class State { kWaiting, kArrived, kOver };
  State Look(const std::string& challenge_id) PSM_EXCLUDES(mu_);

  // What came, once: for whoever types the number, who signed in; for anybody,
  // the error that Arrive was given. PERMISSION_DENIED NUMBER_WRONG, after
  // which it may be tried again, kNumberTries times in all; FAILED_PRECONDITION
  // CHALLENGE_EXPIRED where nothing is there (any more).
  absl::StatusOr<std::string> Take(const std::string& challenge_id,
                                   const std::string& number) PSM_EXCLUDES(mu_);

 private:
  struct Open {
    std::string challenge;
    absl::Duration expire;  // monotonic, exclusive
    std::optional<absl::StatusOr<std::string>> subject;
    std::string number;
    int tries = 0;
  };
  Open* Find(const std::string& challenge_id) PSM_REQUIRES(mu_);
  Open* FindByChallenge(const std::string& challenge, std::string* id)
      PSM_REQUIRES(mu_);
  void Forget(const std::string& challenge_id) PSM_REQUIRES(mu_);

  const Clock* const clock_;
  Random* const random_;
  const std::size_t max_open_;
  Mutex mu_;
  std::map<std::string, Open> open_ PSM_GUARDED_BY(mu_);  // by challenge id
  std::map<std::string, std::string> ids_ PSM_GUARDED_BY(mu_);  // by challenge
  std::deque<std::string> order_ PSM_GUARDED_BY(mu_);  // ids, oldest first
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_CARD_ARRIVALS_H_
