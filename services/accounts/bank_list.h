// The banks and branches that are known: the public list, where the build could
// get it, and the demo's own bank. Knows no account.
#ifndef PSM_SERVICES_ACCOUNTS_BANK_LIST_H_
#define PSM_SERVICES_ACCOUNTS_BANK_LIST_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "psm/accounts/v1/banks.pb.h"

namespace psm {

// Immutable once made, thread-safe.
class BankList {
 public:
  // The demo's own bank alone: ほしぞら銀行, 9990, branches 001 to 012. Bank
  // codes end at 9900, so that 9990 is assigned to nobody.
  BankList();

  // That bank and those of a file as zengin/convert.js writes it. No file: that
  // bank alone. INVALID_ARGUMENT, naming the line, for a file that is damaged,
  // cut off, or has a bank 9990.
  static absl::StatusOr<BankList> Load(const std::string& file);

  const accounts::v1::BankListSource& source() const { return source_; }

  // INVALID_ARGUMENT BANK_UNKNOWN or BRANCH_UNKNOWN where the list has none
  // such.
  absl::Status Check(absl::string_view bank_code,
                     absl::string_view branch_code) const;

  // Whether the bank is an agency of the mesh: ours is `hoshizora-bank`.
  bool IsBankOf(absl::string_view agency, absl::string_view bank_code) const;

  // Banks after `after` (a code, or ""), by code, at most `limit`, that the
  // query finds: by the begin of code or kana, or by a part of the name; all
  // for an empty query.
  std::vector<accounts::v1::Bank> Search(absl::string_view query,
                                         absl::string_view after,
                                         std::size_t limit) const;

  // The same of a bank's branches. NOT_FOUND BANK_UNKNOWN.
  absl::StatusOr<std::vector<accounts::v1::Branch>> SearchBranches(
      absl::string_view bank_code, absl::string_view query,
      absl::string_view after, std::size_t limit) const;

 private:
  struct Entry {
    accounts::v1::Bank bank;
    std::map<std::string, accounts::v1::Branch, std::less<>> branches;
  };

  absl::Status AddLine(absl::string_view line);

  std::map<std::string, Entry, std::less<>> banks_;  // by code
  accounts::v1::BankListSource source_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_BANK_LIST_H_
