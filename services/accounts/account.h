// Whether an account can exist, by its form. Knows no bank and no person.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNT_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNT_H_

#include "absl/status/statusor.h"
#include "psm/accounts/v1/accounts.pb.h"

namespace psm {

// The account with its holder as the bank writes it (BankKana).
// INVALID_ARGUMENT, with a reason for each field (BANK_CODE_MALFORMED,
// BRANCH_CODE_MALFORMED, ACCOUNT_TYPE_MISSING, ACCOUNT_NUMBER_MALFORMED,
// HOLDER_KANA_MALFORMED), unless it has 4 ASCII digits of a bank, 3 of a
// branch, 7 of a number, a type, and a holder. Whether there is such a bank and
// branch BankList says; whether such a number, the bank alone.
absl::StatusOr<accounts::v1::Account> CheckedAccount(
    const accounts::v1::Account& account);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNT_H_
