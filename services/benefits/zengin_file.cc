#include "services/benefits/zengin_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/zengin_kana.h"

namespace psm {
namespace {

constexpr std::size_t kHolderSize = 30;     // bytes
constexpr std::size_t kConsignorSize = 40;  // bytes
constexpr std::size_t kMaxTransfers = 999999;

// One record in the making. The first field that does not fit is remembered;
// later ones change nothing.
class Record {
 public:
  // A number, `size` digits as they are.
  Record& Digits(absl::string_view name, absl::string_view digits,
                 std::size_t size) {
    if (digits.size() != size ||
        !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) {
      return Fail(name, absl::StrCat("is not ", size, " digits"));
    }
    return Append(digits);
  }

  // A number from `least`, filled with zeros from the left.
  Record& Number(absl::string_view name, std::int64_t value, std::int64_t least,
                 std::size_t size) {
    const std::string digits = absl::StrCat(value);
    if (value < least || digits.size() > size) {
      return Fail(name, absl::StrCat("does not fit ", size, " digits"));
    }
    Append(std::string(size - digits.size(), '0'));
    return Append(digits);
  }

  // A text, filled with spaces from the right. Longer ones are cut where `cut`.
  Record& Text(absl::string_view name, absl::string_view text, std::size_t size,
               bool cut) {
    absl::StatusOr<std::string> bytes = ToZenginBytes(text);
    if (!bytes.ok()) return Fail(name, bytes.status().message());
    if (bytes->empty()) return Fail(name, "is empty");
    if (bytes->size() > size && !cut) {
      return Fail(name, absl::StrCat("is longer than ", size, " bytes"));
    }
    bytes->resize(size, ' ');
    return Append(*bytes);
  }

  Record& Constant(absl::string_view bytes) { return Append(bytes); }
  Record& Spaces(std::size_t size) { return Append(std::string(size, ' ')); }

  // Bank, branch, type and number stand apart by two empty names; `between` is
  // what stands before the type.
  Record& Account(const ZenginAccount& account, absl::string_view between) {
    return Digits("bank_code", account.bank_code, 4)
        .Spaces(15)
        .Digits("branch_code", account.branch_code, 3)
        .Spaces(15)
        .Constant(between)
        .Number("type", static_cast<int>(account.type), 1, 1)
        .Digits("number", account.number, 7);
  }

  // Appends the record and its line end to a file.
  absl::Status Finish(absl::string_view what, std::string& file) {
    if (!status_.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": ", status_.message()));
    }
    if (bytes_.size() != kZenginRecordSize) {
      return absl::InternalError(
          absl::StrCat(what, ": record of ", bytes_.size(), " bytes"));
    }
    absl::StrAppend(&file, bytes_, "\r\n");
    return absl::OkStatus();
  }

 private:
  Record& Append(absl::string_view bytes) {
    absl::StrAppend(&bytes_, bytes);
    return *this;
  }
  Record& Fail(absl::string_view name, absl::string_view what) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat(name, " ", what));
    }
    return *this;
  }

  absl::Status status_;
  std::string bytes_;
};

// Appends a data record to a file.
absl::Status AppendTransfer(const ZenginTransfer& transfer,
                            absl::string_view what, std::string& file) {
  return Record()
      .Constant("2")
      .Account(transfer.account, "0000")
      .Text("holder", transfer.account.holder_kana, kHolderSize, true)
      .Number("amount", transfer.amount_yen, 1, 10)
      .Constant("0")
      .Number("reference", transfer.reference, 0, 10)
      .Constant("00000000007")
      .Spaces(8)
      .Finish(what, file);
}

}  // namespace

absl::Status CheckZenginAccount(const ZenginAccount& account) {
  std::string file;
  return AppendTransfer({account, 1, 0}, "account", file);
}

absl::StatusOr<std::string> ZenginFile(
    const ZenginConsignor& consignor, absl::CivilDay transfer_date,
    absl::Span<const ZenginTransfer> transfers) {
  if (transfers.size() > kMaxTransfers) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxTransfers, " transfers in one file"));
  }
  std::string file;
  file.reserve((transfers.size() + 3) * (kZenginRecordSize + 2));

  const ZenginAccount& from = consignor.account;
  PSM_RETURN_IF_ERROR(Record()
                          .Constant("1210")
                          .Digits("code", consignor.code, 10)
                          .Text("name", from.holder_kana, kConsignorSize, false)
                          .Number("month", transfer_date.month(), 1, 2)
                          .Number("day", transfer_date.day(), 1, 2)
                          .Account(from, "")
                          .Spaces(17)
                          .Finish("consignor", file));

  std::int64_t sum_yen = 0;  // below 999,999 x 10^10: no overflow
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    const ZenginTransfer& transfer = transfers[i];
    PSM_RETURN_IF_ERROR(
        AppendTransfer(transfer, absl::StrCat("transfer ", i), file));
    sum_yen += transfer.amount_yen;
  }

  PSM_RETURN_IF_ERROR(
      Record()
          .Constant("8")
          .Number("count", static_cast<std::int64_t>(transfers.size()), 0, 6)
          .Number("sum", sum_yen, 0, 12)
          .Spaces(101)
          .Finish("trailer", file));
  PSM_RETURN_IF_ERROR(Record().Constant("9").Spaces(119).Finish("end", file));
  return file;
}

}  // namespace psm
