// Signing in at the provider's pages: password and one-time password, then for
// whom, where another business has delegated. And a new password for a
// forgotten one.
#ifndef PSM_SERVICES_GBIZID_PROVIDER_SIGN_IN_H_
#define PSM_SERVICES_GBIZID_PROVIDER_SIGN_IN_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "psm/gbizid/v1/delegation.pb.h"
#include "services/gbizid/desk_parts.h"
#include "services/gbizid/recovery_desk.h"
#include "services/gbizid/sign_in_desk.h"
#include "services/openid/subjects.h"

namespace psm::gbizid {

// Who signed in, as the provider keeps it: an account, and the delegation under
// which it acts, or none.
struct ActingAccount {
  std::string account_id;
  std::string delegation_id;  // "": for its own business
};
std::string EncodeActing(const ActingAccount& acting);
ActingAccount DecodeActing(absl::string_view text);

// Thread-safe. The desks must outlive it.
class BusinessSignIn final : public openid::SignInMethod {
 public:
  BusinessSignIn(DeskParts parts, SignInDesk* desk, RecoveryDesk* recoveries)
      : parts_(parts), desk_(*desk), recoveries_(*recoveries) {}

  openid::SignInForm Begin(openid::Language language) override;
  absl::StatusOr<std::variant<openid::SignedIn, openid::SignInForm>> Continue(
      const std::string& state, const openid::Parameters& filled_in,
      openid::Language language) override;
  openid::SignInForm Again(const std::string& state,
                           openid::Language language) override;

 private:
  using Step = std::variant<openid::SignedIn, openid::SignInForm>;
  absl::StatusOr<Step> TakePassword(const openid::Parameters& filled_in,
                                    openid::Language language);
  absl::StatusOr<Step> TakeChoice(const std::string& account_id,
                                  const openid::Parameters& filled_in,
                                  openid::Language language);
  absl::StatusOr<Step> TakeRecovery(const std::string& state,
                                    const openid::Parameters& filled_in,
                                    openid::Language language);
  // What the account may act under now: delegations to its business, where it
  // has a role.
  absl::StatusOr<std::vector<v1::Delegation>> ChoicesOf(
      const std::string& account_id);

  const DeskParts parts_;
  SignInDesk& desk_;
  RecoveryDesk& recoveries_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PROVIDER_SIGN_IN_H_
