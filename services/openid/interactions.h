// Authorization requests between their arrival and the person's last click.
#ifndef PSM_SERVICES_OPENID_INTERACTIONS_H_
#define PSM_SERVICES_OPENID_INTERACTIONS_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/crypto/digest.h"
#include "services/openid/authorization_request.h"
#include "services/openid/html.h"
#include "services/openid/subjects.h"

namespace psm::openid {

inline constexpr absl::Duration kInteractionLife = absl::Minutes(10);

struct Interaction {
  AuthorizationRequest request;
  Language language = Language::kJapanese;
  std::string sign_in_state;       // the sign-in method's
  std::optional<SignedIn> person;  // once signed in
  absl::Time auth_time;            // when
};

// What ties an interaction to one browser: an id for the address, a secret for
// a cookie, and a second one for the forms, which another site can make a
// browser send neither read nor guess.
struct Ticket {
  std::string id;
  std::string cookie;
  std::string form;
};

// Kept in memory: a restart costs those who are signing in a second try.
// Cookie and form secret change with every step, the sign-in among them, so
// nothing that was known before it is worth anything after it (session
// fixation). Each step takes the interaction out: of two answers to one form
// the second finds nothing. Thread-safe. `clock` and `random` must outlive it.
class Interactions {
 public:
  // At most `max_open` at once: beyond that the oldest is forgotten.
  Interactions(const Clock* clock, Random* random,
               std::size_t max_open = 10'000)
      : clock_(clock), random_(random), max_open_(max_open) {}

  // Keeps a new one.
  Ticket Begin(Interaction interaction) PSM_EXCLUDES(mu_);

  // Takes one out whose three parts fit; nothing otherwise, and then it stays:
  // nobody ends another's by guessing.
  std::optional<Interaction> Take(const Ticket& ticket) PSM_EXCLUDES(mu_);

  // Puts one back that was taken out, for its next step: the same id and end,
  // new secrets. Nothing where its time was over.
  std::optional<Ticket> PutBack(const std::string& id, Interaction interaction)
      PSM_EXCLUDES(mu_);

  // A look, for who has the cookie: with the form secret to answer with.
  struct Seen {
    Interaction interaction;
    std::string form;
  };
  std::optional<Seen> Look(const std::string& id, absl::string_view cookie)
      PSM_EXCLUDES(mu_);
  // In another language from now on, for who has the cookie.
  void SetLanguage(const std::string& id, absl::string_view cookie,
                   Language language) PSM_EXCLUDES(mu_);

 private:
  struct Open {
    Interaction interaction;
    std::string cookie_hash;
    std::string form;
    absl::Duration expire;  // monotonic, exclusive
    bool taken = false;     // its end is remembered until it is put back
  };
  Open* Find(const std::string& id, absl::string_view cookie) PSM_REQUIRES(mu_);
  void Expire() PSM_REQUIRES(mu_);
  Ticket NewSecrets(const std::string& id, Open* open) const;

  const Clock* const clock_;
  Random* const random_;
  const std::size_t max_open_;
  Mutex mu_;
  std::map<std::string, Open> open_ PSM_GUARDED_BY(mu_);
  std::deque<std::string> order_ PSM_GUARDED_BY(mu_);  // oldest first
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_INTERACTIONS_H_
