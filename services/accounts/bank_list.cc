#include "services/accounts/bank_list.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/search_key.h"

namespace psm {
namespace {

using accounts::v1::Bank;
using accounts::v1::Branch;

constexpr char kOwnBank[] = "9990";
constexpr char kOwnBanksAgency[] = "hoshizora-bank";

// Name and kana of the demo's branches, 001 to 012: stars.
constexpr const char* kOwnBranches[][2] = {
    {"本店", "ホンテン"},       {"北斗", "ホクト"},
    {"昴", "スバル"},           {"天狼", "テンロウ"},
    {"織女", "シヨクジヨ"},     {"牽牛", "ケンギユウ"},
    {"角宿", "カクシユク"},     {"心宿", "シンシユク"},
    {"天津", "アマツ"},         {"南斗", "ナント"},
    {"老人星", "ロウジンセイ"}, {"明星", "ミヨウジヨウ"},
};

bool IsDigits(absl::string_view text, std::size_t count) {
  return text.size() == count &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

absl::Status Damaged(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the list of banks is damaged: ", what));
}

absl::Status Unknown(absl::StatusCode code, absl::string_view reason,
                     absl::string_view message) {
  return MakeError(code, reason, Party::kProvider, message);
}

template <typename Item>
bool Finds(const SearchKey& key, const Item& item) {
  return key.Finds(item.code(), item.kana(), item.name());
}

}  // namespace

BankList::BankList() {
  Entry& own = banks_[kOwnBank];
  own.bank.set_code(kOwnBank);
  own.bank.set_name("ほしぞら");
  own.bank.set_kana("ホシゾラ");
  own.bank.set_fictitious(true);
  int number = 0;
  for (const auto& [name, kana] : kOwnBranches) {
    ++number;
    const std::string code = absl::StrCat(number < 10 ? "00" : "0", number);
    Branch& branch = own.branches[code];
    branch.set_code(code);
    branch.set_name(name);
    branch.set_kana(kana);
  }
  source_.set_fictitious_only(true);
  source_.set_banks(1);
  source_.set_branches(number);
}

absl::Status BankList::AddLine(absl::string_view line) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, '\t');
  if (parts.size() == 3 && IsDigits(parts[0], 4)) {
    if (parts[0] == kOwnBank)
      return Damaged("it has the demo's own bank, which nobody may have");
    Entry& entry = banks_[std::string(parts[0])];
    if (!entry.bank.code().empty()) return Damaged("a bank is there twice");
    entry.bank.set_code(std::string(parts[0]));
    entry.bank.set_name(std::string(parts[1]));
    entry.bank.set_kana(std::string(parts[2]));
    source_.set_banks(source_.banks() + 1);
    return absl::OkStatus();
  }
  if (parts.size() == 4 && IsDigits(parts[0], 4) && IsDigits(parts[1], 3)) {
    const auto bank = banks_.find(parts[0]);
    if (bank == banks_.end() || bank->second.bank.fictitious())
      return Damaged("a branch stands before its bank");
    Branch& branch = bank->second.branches[std::string(parts[1])];
    if (!branch.code().empty()) return Damaged("a branch is there twice");
    branch.set_code(std::string(parts[1]));
    branch.set_name(std::string(parts[2]));
    branch.set_kana(std::string(parts[3]));
    source_.set_branches(source_.branches() + 1);
    return absl::OkStatus();
  }
  return Damaged("a line is neither a bank nor a branch");
}

absl::StatusOr<BankList> BankList::Load(const std::string& file) {
  BankList list;
  std::ifstream in(file);
  if (!in) return list;
  std::string line;
  if (!std::getline(in, line)) return Damaged("it is empty");
  const std::vector<std::string> head = absl::StrSplit(line, '\t');
  if (head == std::vector<std::string>{"none"}) return list;
  if (head.size() != 3 || head[0] != "source") return Damaged("line 1");
  int number = 1;
  while (std::getline(in, line)) {
    ++number;
    if (absl::StartsWith(line, "end\t")) {
      // Counts without the demo's own bank: a file that was cut off differs.
      const BankList own;
      const std::string end =
          absl::StrCat("end\t", list.source_.banks() - own.source_.banks(),
                       "\t", list.source_.branches() - own.source_.branches());
      if (line != end) return Damaged("its end counts otherwise");
      list.source_.set_fictitious_only(false);
      list.source_.set_package(head[1]);
      list.source_.set_version(head[2]);
      return list;
    }
    const absl::Status added = list.AddLine(line);
    if (!added.ok())
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", number, ": ", added.message()));
  }
  return Damaged("it has no end");
}

absl::Status BankList::Check(absl::string_view bank_code,
                             absl::string_view branch_code) const {
  const auto bank = banks_.find(bank_code);
  if (bank == banks_.end())
    return Unknown(absl::StatusCode::kInvalidArgument, "BANK_UNKNOWN",
                   "no bank of the list has this code");
  if (bank->second.branches.find(branch_code) == bank->second.branches.end())
    return Unknown(absl::StatusCode::kInvalidArgument, "BRANCH_UNKNOWN",
                   "no branch of the bank has this code");
  return absl::OkStatus();
}

bool BankList::IsBankOf(absl::string_view agency,
                        absl::string_view bank_code) const {
  return agency == kOwnBanksAgency && bank_code == kOwnBank;
}

std::vector<Bank> BankList::Search(absl::string_view query,
                                   absl::string_view after,
                                   std::size_t limit) const {
  const SearchKey key(query);
  std::vector<Bank> found;
  for (auto it = banks_.upper_bound(after);
       it != banks_.end() && found.size() < limit; ++it) {
    if (Finds(key, it->second.bank)) found.push_back(it->second.bank);
  }
  return found;
}

absl::StatusOr<std::vector<Branch>> BankList::SearchBranches(
    absl::string_view bank_code, absl::string_view query,
    absl::string_view after, std::size_t limit) const {
  const auto bank = banks_.find(bank_code);
  if (bank == banks_.end())
    return Unknown(absl::StatusCode::kNotFound, "BANK_UNKNOWN",
                   "no bank of the list has this code");
  const SearchKey key(query);
  std::vector<Branch> found;
  const auto& branches = bank->second.branches;
  for (auto it = branches.upper_bound(after);
       it != branches.end() && found.size() < limit; ++it) {
    if (Finds(key, it->second)) found.push_back(it->second);
  }
  return found;
}

}  // namespace psm
