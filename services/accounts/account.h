// Whether an account can exist, by its form. Knows no bank and no person.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNT_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNT_H_

#include "absl/status/statusor.h"
#include "psm/accounts/v1/accounts.pb.h"

namespace psm {

// The account with its holder as the bank writes it (BankKana).
// INVALID_ARGUMENT ACCOUNT_MALFORMED unless it has 4 ASCII digits of a bank, 3
// of a branch, 7 of a number, a type, and a holder. Whether the bank has such a
// branch or number is for the bank to say.
absl::StatusOr<accounts::v1::Account> CheckedAccount(
    const accounts::v1::Account& account);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNT_H_
