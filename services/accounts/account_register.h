// The register of accounts: the present one of each person and those before it.
// Knows persons by the registry's own codes, and no gRPC.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNT_REGISTER_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNT_REGISTER_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm {

// All writes run once per exchange: a repetition gives the first answer. Each
// makes a change, with a number that rises and a time later than that of any
// before it, and a new etag. A write that names an etag gives ABORTED
// ETAG_STALE where the person's account is in another state by then, and
// changes nothing. Thread-safe. `database` must outlive the register and have
// Migrations().
class AccountRegister {
 public:
  using Take =
      absl::FunctionRef<absl::Status(const seed::v1::RegisteredAccount&)>;

  static absl::Span<const agency::Migration> Migrations();

  explicit AccountRegister(agency::Database* database) : database_(*database) {}

  // Enters the accounts that `each` gives to its argument, all or none, unless
  // the register holds one already. INVALID_ARGUMENT (as CheckedAccount, or
  // SEED_INVALID) for one that is malformed; ALREADY_EXISTS for a person twice;
  // else as Database::Write. A seed makes no change.
  absl::Status ImportOnce(absl::FunctionRef<absl::Status(Take)> each);

  // The person's account, to pay into. NOT_FOUND ACCOUNT_NOT_REGISTERED;
  // FAILED_PRECONDITION ACCOUNT_CLOSED, ACCOUNT_UNCONFIRMED, HOLDER_DECEASED;
  // else as Database::Read.
  absl::StatusOr<accounts::v1::GetAccountResponse> Find(
      absl::string_view subject);

  // The same with how and when it came, and closed or not.
  absl::StatusOr<accounts::v1::GetRegistrationResponse> FindRegistration(
      absl::string_view subject);

  // Makes `account` the person's account; one that was before is kept as
  // history. An empty `etag` stands for whatever there is. FAILED_PRECONDITION
  // CONSENT_USED where another exchange has registered an account by the call's
  // consent, whatever has become of the person since; HOLDER_DECEASED for a
  // person who has died, also without an account. What is refused uses no
  // consent up.
  absl::StatusOr<accounts::v1::RegisterAccountResponse> Register(
      const agency::CallContext& call, absl::string_view subject,
      const accounts::v1::Account& account,
      accounts::v1::Registration::Channel channel, absl::string_view etag,
      absl::Time now);

  // The answer that Register gave to this exchange, if it did; else
  // CONSENT_USED as Register.
  absl::StatusOr<std::optional<accounts::v1::RegisterAccountResponse>>
  Registered(const agency::CallContext& call);

  // Removes the person's account; it is kept as history. NOT_FOUND
  // ACCOUNT_NOT_REGISTERED; INVALID_ARGUMENT ETAG_MISSING; FAILED_PRECONDITION
  // HOLDER_DECEASED.
  absl::StatusOr<accounts::v1::DeleteAccountResponse> Delete(
      const agency::CallContext& call, absl::string_view subject,
      absl::string_view etag, absl::Time now);

  // Closes it: a transfer came back. NOT_FOUND ACCOUNT_NOT_REGISTERED;
  // INVALID_ARGUMENT ETAG_MISSING.
  absl::StatusOr<accounts::v1::ReportReturnedTransferResponse> Close(
      const agency::CallContext& call, absl::string_view subject,
      absl::string_view etag, absl::Time now);

  // Whether the person's account is in the state that `etag` names. Errors as
  // Close.
  absl::Status CheckState(absl::string_view subject, absl::string_view etag);

  // Lets an account that waits for it be paid into again, in the holder's name
  // as the bank writes it now; what it was before is kept as history. Errors as
  // Delete, and FAILED_PRECONDITION NOTHING_TO_CONFIRM.
  absl::StatusOr<accounts::v1::ConfirmAccountResponse> Confirm(
      const agency::CallContext& call, absl::string_view subject,
      absl::string_view etag, const std::string& holder_kana, absl::Time now);

  // The answer that Confirm gave to this exchange, if it did.
  absl::StatusOr<std::optional<accounts::v1::ConfirmAccountResponse>> Confirmed(
      const agency::CallContext& call);

  // Within the caller's transaction: has the person's account wait, because the
  // name has changed or the person has died, as was published then. Nothing
  // where there is none, or it was registered after the change of name; a death
  // is kept all the same.
  static void Hold(soci::session& sql, const std::string& subject,
                   accounts::v1::Registration::Hold why,
                   absl::Time publish_time, absl::Time now);

 private:
  agency::Database& database_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNT_REGISTER_H_
