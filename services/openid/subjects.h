// What a provider asks of the agency whose persons sign in.
#ifndef PSM_SERVICES_OPENID_SUBJECTS_H_
#define PSM_SERVICES_OPENID_SUBJECTS_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "services/openid/client.h"
#include "services/openid/html.h"
#include "services/openid/parameters.h"

namespace psm::openid {

// The agency's persons (or accounts), by its own names of them. Thread-safe;
// may block, for the mesh is asked.
class Subjects {
 public:
  virtual ~Subjects() = default;

  // The `sub` of a person at a client: its own name of the person, never the
  // agency's. Told, and recorded, before this returns. PERMISSION_DENIED or
  // FAILED_PRECONDITION where the client may not learn it; UNAVAILABLE where
  // that cannot be found out now.
  virtual absl::StatusOr<std::string> SubFor(const Client& client,
                                             const std::string& subject) = 0;

  // What UserInfo says beside `sub`: an object of the claims of `scopes` which
  // the agency has, and no other. Each is disclosed, and recorded, before this
  // returns. Errors as SubFor.
  virtual absl::StatusOr<nlohmann::json> Claims(
      const Client& client, const std::string& subject,
      const std::vector<std::string>& scopes) = 0;
};

// Who signed in, and how.
struct SignedIn {
  std::string subject;
  std::string acr;  // one of the profile's
};

// What a person is asked. `state` stays on the server until the answer comes.
struct SignInForm {
  Html fields;  // inside a form: labels, inputs, what went wrong
  Html more;    // the same, after the button that goes on
  BothTexts title = {"サインイン", "Sign in"};
  std::string state;
  bool wrong =
      false;  // `fields` begins with a WrongNote: the title says so too
  // The page looks again by itself after so many seconds; 0: never. Then it has
  // no field that somebody could be filling in.
  int look_again_seconds = 0;
};

// How persons prove who they are: by card, by password and one-time code.
// Thread-safe; may block.
class SignInMethod {
 public:
  virtual ~SignInMethod() = default;

  virtual SignInForm Begin(Language language) = 0;

  // Takes what was filled in: somebody, or another form (the next step; the
  // same one again, with what went wrong). A `state` comes back once at most.
  // Errors are what keeps anybody from signing in now.
  virtual absl::StatusOr<std::variant<SignedIn, SignInForm>> Continue(
      const std::string& state, const Parameters& filled_in,
      Language language) = 0;

  // The form for a `state` that still waits, in another language.
  virtual SignInForm Again(const std::string& state, Language language) = 0;
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_SUBJECTS_H_
