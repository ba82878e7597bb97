// The register of accounts: the current one of each person and those before it.
// Knows persons by the registry's own codes, and no gRPC.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNT_REGISTER_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNT_REGISTER_H_

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

// Thread-safe. `database` must outlive the register and have Migrations().
class AccountRegister {
 public:
  using Take =
      absl::FunctionRef<absl::Status(const seed::v1::RegisteredAccount&)>;

  static absl::Span<const agency::Migration> Migrations();

  explicit AccountRegister(agency::Database* database) : database_(*database) {}

  // Enters the accounts that `each` gives to its argument, all or none, unless
  // the register holds one already. INVALID_ARGUMENT (ACCOUNT_MALFORMED or
  // SEED_INVALID) for one that is malformed; ALREADY_EXISTS for a person twice;
  // else as Database::Write.
  absl::Status ImportOnce(absl::FunctionRef<absl::Status(Take)> each);

  // The person's account and when it was registered. NOT_FOUND
  // ACCOUNT_NOT_REGISTERED; else as Database::Read.
  absl::StatusOr<accounts::v1::GetAccountResponse> Find(
      absl::string_view subject);

  // Makes `account` the person's account; one that was before is kept as
  // history. Once per exchange: a repetition gives the first answer. Errors as
  // Database::Once.
  absl::StatusOr<accounts::v1::RegisterAccountResponse> Register(
      const agency::CallContext& call, absl::string_view subject,
      const accounts::v1::Account& account, absl::Time now);

  // The answer that Register gave to this exchange, if it did.
  absl::StatusOr<std::optional<accounts::v1::RegisterAccountResponse>>
  Registered(const agency::CallContext& call);

 private:
  agency::Database& database_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNT_REGISTER_H_
