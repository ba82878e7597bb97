// Signing in at the provider's pages with a card. A browser cannot reach the
// card: the page shows a challenge, a program on the person's machine signs it
// (psm-authenticator), and the page takes what that says.
#ifndef PSM_SERVICES_IDENTITY_PROVIDER_SIGN_IN_H_
#define PSM_SERVICES_IDENTITY_PROVIDER_SIGN_IN_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/identity/challenges.h"
#include "services/openid/subjects.h"

namespace psm::identity {

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
  CardSignIn(Challenges* challenges, std::string system, Complete complete)
      : challenges_(challenges),
        system_(std::move(system)),
        complete_(std::move(complete)) {}

  openid::SignInForm Begin(openid::Language language) override;
  absl::StatusOr<std::variant<openid::SignedIn, openid::SignInForm>> Continue(
      const std::string& state, const openid::Parameters& filled_in,
      openid::Language language) override;
  openid::SignInForm Again(const std::string& state,
                           openid::Language language) override;

 private:
  openid::SignInForm Anew(openid::Language language, openid::Markup ja,
                          openid::Markup en);

  Challenges* const challenges_;
  const std::string system_;
  const Complete complete_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_PROVIDER_SIGN_IN_H_
