#include "services/benefits/zengin_reader.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/zengin_kana.h"

namespace psm {
namespace {

constexpr std::size_t kMaxTransfers = 999'999;
constexpr std::size_t kHolderBytes = 30;

absl::Status Malformed(std::size_t record, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("record ", record, ": ", what));
}

bool IsDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// `text` is digits, at most 12.
std::int64_t Number(absl::string_view text) {
  std::int64_t number = 0;
  for (const char digit : text) number = number * 10 + (digit - '0');
  return number;
}

// The records, without their line ends.
absl::StatusOr<std::vector<absl::string_view>> Records(absl::string_view file) {
  std::vector<absl::string_view> records;
  while (!file.empty()) {
    const std::size_t number = records.size();
    if (number > kMaxTransfers + 3) return Malformed(number, "too many");
    if (file.size() < kZenginRecordSize)
      return Malformed(number, "shorter than 120 bytes");
    records.push_back(file.substr(0, kZenginRecordSize));
    file.remove_prefix(kZenginRecordSize);
    if (file.empty()) break;
    if (file.substr(0, 2) != "\r\n")
      return Malformed(number, "no line end after 120 bytes");
    file.remove_prefix(2);
  }
  return records;
}

absl::StatusOr<ZenginTransfer> ReadTransfer(absl::string_view record,
                                            std::size_t number) {
  // Positions of zengin_file.h, counted from 0.
  const absl::string_view bank = record.substr(1, 4);
  const absl::string_view branch = record.substr(20, 3);
  const absl::string_view type = record.substr(42, 1);
  const absl::string_view account = record.substr(43, 7);
  const absl::string_view amount = record.substr(80, 10);
  const absl::string_view reference = record.substr(91, 10);
  for (const absl::string_view digits :
       {bank, branch, type, account, amount, reference}) {
    if (!IsDigits(digits)) return Malformed(number, "a number is none");
  }
  if (type != "1" && type != "2") return Malformed(number, "type of account");
  ZenginTransfer transfer;
  transfer.account.bank_code = std::string(bank);
  transfer.account.branch_code = std::string(branch);
  transfer.account.type =
      type == "1" ? ZenginAccountType::kOrdinary : ZenginAccountType::kCurrent;
  transfer.account.number = std::string(account);
  transfer.account.holder_kana = std::string(record.substr(50, kHolderBytes));
  transfer.amount_yen = Number(amount);
  transfer.reference = Number(reference);
  return transfer;
}

}  // namespace

absl::StatusOr<ZenginContents> ReadZenginFile(absl::string_view file) {
  PSM_ASSIGN_OR_RETURN(const std::vector<absl::string_view> records,
                       Records(file));
  if (records.size() < 3) return Malformed(records.size(), "is missing");
  ZenginContents contents;
  if (records[0].substr(0, 4) != "1210" || !IsDigits(records[0].substr(4, 10)))
    return Malformed(0, "no header of bulk transfers");
  contents.consignor_code = std::string(records[0].substr(4, 10));
  std::int64_t sum = 0;
  const std::size_t trailer = records.size() - 2;
  for (std::size_t i = 1; i < trailer; ++i) {
    if (records[i][0] != '2') return Malformed(i, "no data");
    PSM_ASSIGN_OR_RETURN(ZenginTransfer transfer, ReadTransfer(records[i], i));
    sum += transfer.amount_yen;
    contents.transfers.push_back(std::move(transfer));
  }
  const absl::string_view totals = records[trailer];
  if (totals[0] != '8' || !IsDigits(totals.substr(1, 18)))
    return Malformed(trailer, "no trailer");
  if (Number(totals.substr(1, 6)) !=
          static_cast<std::int64_t>(contents.transfers.size()) ||
      Number(totals.substr(7, 12)) != sum)
    return Malformed(trailer, "number or sum are not those of the data");
  if (records.back()[0] != '9') return Malformed(trailer + 1, "no end");
  return contents;
}

absl::StatusOr<std::string> ZenginHolderField(absl::string_view holder_kana) {
  PSM_ASSIGN_OR_RETURN(std::string bytes, ToZenginBytes(holder_kana));
  bytes.resize(kHolderBytes, ' ');
  return bytes;
}

}  // namespace psm
