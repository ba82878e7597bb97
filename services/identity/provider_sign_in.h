// Signing in at the provider's pages with a card. A browser cannot reach the
// card: the page shows a challenge, and a program on the person's machine signs
// it (psm-authenticator). It sends the answer itself while the page waits, and
// the person types the number that it shows; or prints it, and the person
// pastes it.
#ifndef PSM_SERVICES_IDENTITY_PROVIDER_SIGN_IN_H_
#define PSM_SERVICES_IDENTITY_PROVIDER_SIGN_IN_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/identity/card_arrivals.h"
#include "services/identity/challenges.h"
#include "services/openid/subjects.h"

namespace psm::identity {

// Where a card's program sends its answer: a form with `challenge`, as the page
// shows it, and `signed`, a CardAnswer.
inline constexpr char kCardPath[] = "/card";

// A card's answer to a challenge, as a person carries it over: the certificate
// and the signature, each in base64url, with a `.` between.
struct CardAnswer {
  std::string certificate;  // DER
  std::string signature;    // DER
};
std::string EncodeCardAnswer(const CardAnswer& answer);
// nullopt for any other text; white space around and inside it does not count,
// for terminals break lines.
std::optional<CardAnswer> DecodeCardAnswer(absl::string_view text);

// Thread-safe. What it is given must outlive it.
class CardSignIn final : public openid::SignInMethod {
 public:
  // Who signed a challenge: identity's code. Errors as those of
  // SignInService.CompleteSignIn; the challenge is used up by each.
  using Complete = std::function<absl::StatusOr<std::string>(
      const std::string& challenge_id, const CardAnswer& answer)>;

  // `system` is who challenges are given to: identity's own system id.
  CardSignIn(Challenges* challenges, CardArrivals* arrivals, std::string system,
             Complete complete)
      : challenges_(challenges),
        arrivals_(arrivals),
        system_(std::move(system)),
        complete_(std::move(complete)) {}

  // The card's program has sent an answer to a challenge, as the page shows
  // that. The number that it then shows to the person. FAILED_PRECONDITION
  // CHALLENGE_EXPIRED where no page waits for it; else the errors of Complete,
  // with which the page asks for another answer.
  absl::StatusOr<std::string> Deliver(const std::string& challenge,
                                      const CardAnswer& answer);

  openid::SignInForm Begin(openid::Language language) override;
  absl::StatusOr<std::variant<openid::SignedIn, openid::SignInForm>> Continue(
      const std::string& state, const openid::Parameters& filled_in,
      openid::Language language) override;
  openid::SignInForm Again(const std::string& state,
                           openid::Language language) override;

 private:
  using Step = std::variant<openid::SignedIn, openid::SignInForm>;
  // A new challenge, for the same way as in `state`, and what went wrong.
  openid::SignInForm Anew(const std::string& state, openid::Language language,
                          const absl::Status& why);
  absl::StatusOr<Step> TakeAnswer(const std::string& state,
                                  const std::string& signed_text,
                                  openid::Language language);
  absl::StatusOr<Step> TakeNumber(const std::string& state,
                                  const std::string& number,
                                  openid::Language language);

  Challenges* const challenges_;
  CardArrivals* const arrivals_;
  const std::string system_;
  const Complete complete_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_PROVIDER_SIGN_IN_H_
