// A new password in place of a forgotten one.
#ifndef PSM_SERVICES_GBIZID_RECOVERY_DESK_H_
#define PSM_SERVICES_GBIZID_RECOVERY_DESK_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/accounts_service.pb.h"
#include "psm/gbizid/v1/prime_service.pb.h"
#include "services/gbizid/desk_parts.h"
#include "services/gbizid/mailer.h"
#include "services/gbizid/recovery_store.h"
#include "services/gbizid/representatives.h"

namespace psm::gbizid {

inline constexpr absl::Duration kRecoveryLife = absl::Minutes(15);
inline constexpr int kRecoveryTries = 5;  // of one code
inline constexpr int kRecoveryCodes = 3;  // to one address in kRecoveryWindow
inline constexpr absl::Duration kApprovalLife = absl::Hours(24);

// Refusals are those of the contracts. Thread-safe. What it is given must
// outlive it.
class RecoveryDesk {
 public:
  RecoveryDesk(DeskParts parts, Representatives* representatives,
               Mailer* mailer)
      : parts_(parts), representatives_(*representatives), mailer_(*mailer) {}

  absl::StatusOr<v1::BeginRecoveryResponse> Begin(
      const agency::CallContext& call, const v1::BeginRecoveryRequest& request);
  absl::StatusOr<v1::RecoverPasswordResponse> Recover(
      const agency::CallContext& call,
      const v1::RecoverPasswordRequest& request);
  // Asks the registry of corporations and identity before it writes, outside of
  // any transaction.
  absl::StatusOr<v1::RecoverByCardResponse> RecoverByCard(
      const agency::CallContext& call, const v1::RecoverByCardRequest& request);
  // Asks the registry of corporations likewise.
  absl::StatusOr<v1::ApproveRecoveryResponse> Approve(
      const agency::CallContext& call,
      const v1::ApproveRecoveryRequest& request);

  // The same for the provider's pages, where no call of the mesh is served.
  // Whatever the mail address is, it is the same to who asks.
  absl::Status BeginAt(const std::string& mail);
  absl::Status RecoverAt(const std::string& mail, const std::string& code,
                         const std::string& one_time_password,
                         const std::string& new_password);

 private:
  // What else must be so of an account whose code was right; inside the
  // transaction that changes its password.
  using Proof = absl::FunctionRef<absl::Status(KeptAccount& account,
                                               const Recovery& recovery)>;

  // Opens a code and names it; nothing where there were too many.
  std::optional<std::string> Open(soci::session& sql, const std::string& mail,
                                  absl::Time now);
  void SendCode(const std::string& mail, const std::string& code_id);
  std::string CodeOf(const std::string& code_id) const;
  // The name of the code that was right. Counts a try, durably, before it
  // looks. RECOVERY_REFUSED.
  absl::StatusOr<std::string> TakeCode(const std::string& mail,
                                       const std::string& code);
  // Puts the password in place where `proof` holds. In the caller's
  // transaction.
  absl::Status Change(soci::session& sql, const std::string& mail,
                      const std::string& code_id, const std::string& password,
                      Proof proof);
  // The proof without a card.
  absl::Status CheckApp(KeptAccount& account, const Recovery& recovery,
                        const std::string& one_time_password, absl::Time now);
  // Whether the card's person represents the corporation, as the registry and
  // identity have it now; nothing is asked of a sole proprietor.
  absl::Status CheckCard(const agency::CallContext& call,
                         const v1::RecoverByCardRequest& request);
  void TellOfChange(const std::string& mail, const char* way);

  const DeskParts parts_;
  Representatives& representatives_;
  Mailer& mailer_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_RECOVERY_DESK_H_
