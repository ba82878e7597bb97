#include "services/accounts/account.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "services/accounts/holder_name.h"

namespace psm {
namespace {

using accounts::v1::Account;

bool IsDigits(absl::string_view text, std::size_t count) {
  return text.size() == count &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Names the field, never its value. The gateway passes on the reason alone, so
// each field has its own.
absl::Status Malformed(absl::string_view reason, absl::string_view field) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, Party::kProvider,
                   absl::StrCat(field, " is malformed"), {{"field", field}});
}

}  // namespace

absl::StatusOr<Account> CheckedAccount(const Account& account) {
  if (!IsDigits(account.bank_code(), 4))
    return Malformed("BANK_CODE_MALFORMED", "bank_code");
  if (!IsDigits(account.branch_code(), 3))
    return Malformed("BRANCH_CODE_MALFORMED", "branch_code");
  if (account.type() != Account::ORDINARY && account.type() != Account::CURRENT)
    return Malformed("ACCOUNT_TYPE_MISSING", "type");
  if (!IsDigits(account.number(), 7))
    return Malformed("ACCOUNT_NUMBER_MALFORMED", "number");
  absl::StatusOr<std::string> holder = BankKana(account.holder_kana());
  if (!holder.ok()) return Malformed("HOLDER_KANA_MALFORMED", "holder_kana");
  Account checked = account;
  checked.set_holder_kana(*std::move(holder));
  return checked;
}

}  // namespace psm
