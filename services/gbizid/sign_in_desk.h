// Signing in and out, and changing a password.
#ifndef PSM_SERVICES_GBIZID_SIGN_IN_DESK_H_
#define PSM_SERVICES_GBIZID_SIGN_IN_DESK_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/accounts_service.pb.h"
#include "services/gbizid/desk_parts.h"

namespace psm::gbizid {

inline constexpr int kMaxTries = 5;
inline constexpr absl::Duration kLockTime = absl::Minutes(15);

// Refusals are those of the contract (accounts_service.proto). Thread-safe.
class SignInDesk {
 public:
  explicit SignInDesk(DeskParts parts) : parts_(parts) {}

  absl::StatusOr<v1::SignInResponse> SignIn(const agency::CallContext& call,
                                            const v1::SignInRequest& request);
  absl::StatusOr<v1::SignOutResponse> SignOut(
      const agency::CallContext& call, const v1::SignOutRequest& request);
  absl::StatusOr<v1::GetAccountResponse> GetAccount(
      const agency::CallContext& call, const v1::GetAccountRequest& request);
  absl::StatusOr<v1::ChangePasswordResponse> ChangePassword(
      const agency::CallContext& call,
      const v1::ChangePasswordRequest& request);

  // As SignIn, without a session: for the provider's pages. Errors as SignIn's,
  // but for the blind.
  absl::StatusOr<v1::Account> Admit(const std::string& mail,
                                    const std::string& password,
                                    const std::string& one_time_password);

 private:
  // Takes the one-time password of an account whose password was right, in the
  // caller's transaction.
  absl::StatusOr<v1::Account> TakeOneTimePassword(
      soci::session& sql, const KeptAccount& known,
      const std::string& one_time_password, absl::Time now);
  // Whether a mail address has an account whose password this is; it is given.
  // Counts a try, durably, before it looks at the password.
  absl::StatusOr<std::optional<KeptAccount>> Authenticate(
      const std::string& mail, const std::string& password);
  // The account with one try more; nullopt where there is none or it is locked.
  absl::StatusOr<std::optional<KeptAccount>> TakeTry(const std::string& mail);

  const DeskParts parts_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_SIGN_IN_DESK_H_
