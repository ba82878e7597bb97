// A bulk transfer file (総合振込) in the format of the Japanese Bankers
// Association (全銀協): fixed records of 120 bytes. Knows nothing of benefits.
//
// Every record is 120 bytes, then CR LF. Numbers are right-aligned and filled
// with zeros; texts are left-aligned, filled with spaces, one byte a character
// (JIS X 0201). Positions count from 1.
//
// Header (1)                            Data (2), one a transfer
//     1      record: 1                      1      record: 2
//     2-3    kind: 21, bulk transfer        2-5    receiver's bank
//     4      code: 0, JIS                   6-20   its name (left empty)
//     5-14   consignor's code              21-23   receiver's branch
//    15-54   consignor's name              24-38   its name (left empty)
//    55-58   transfer date, MMDD           39-42   clearing house: 0000, unused
//    59-62   consignor's bank              43      account: 1 ordinary, 2
//    current 63-77   its name (left empty)         44-50   account number 78-80
//    consignor's branch            51-80   holder, cut after 30 bytes 81-95 its
//    name (left empty)         81-90   amount in yen 96      account: 1
//    ordinary, 2 current  91    new: 0, neither first nor changed 97-103
//    account number                92-101  customer code 1: the reference
//   104-120  spaces                       102-111  customer code 2: zeros,
//   unused
//                                         112      transfer: 7, by wire
// Trailer (8)                             113      EDI follows: space, no
//     1      record: 8                    114-120  spaces
//     2-7    number of transfers
//     8-19   sum in yen                 End (9)
//    20-120  spaces                         1      record: 9
//                                           2-120  spaces
// Source: layouts that banks publish for 総合振込; they agree in all fields
// above.
#ifndef PSM_SERVICES_BENEFITS_ZENGIN_FILE_H_
#define PSM_SERVICES_BENEFITS_ZENGIN_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"

namespace psm {

inline constexpr std::size_t kZenginRecordSize = 120;  // bytes without CR LF

// The digit of an account's type.
enum class ZenginAccountType { kOrdinary = 1, kCurrent = 2 };

// An account at a bank.
struct ZenginAccount {
  std::string bank_code;    // 4 digits
  std::string branch_code;  // 3 digits
  ZenginAccountType type = ZenginAccountType::kOrdinary;
  std::string number;       // 7 digits
  std::string holder_kana;  // anything that ToZenginKana takes, not empty
};

// Whether a transfer can be made to an account: INVALID_ARGUMENT naming the
// field that does not fit.
absl::Status CheckZenginAccount(const ZenginAccount& account);

// One payment.
struct ZenginTransfer {
  ZenginAccount account;
  std::int64_t amount_yen = 0;  // 1 to 9,999,999,999
  std::int64_t reference = 0;   // 0 to 9,999,999,999, the payer's own
};

// Who pays.
struct ZenginConsignor {
  std::string code;       // 10 digits, given by the bank
  ZenginAccount account;  // its holder is the consignor's name, up to 40 bytes
};

// The whole file. INVALID_ARGUMENT, naming the transfer (from 0) and the field,
// where one does not fit its place: nothing is cut but a receiver's name after
// 30 bytes, which is how banks write long names. At most 999,999 transfers.
absl::StatusOr<std::string> ZenginFile(
    const ZenginConsignor& consignor, absl::CivilDay transfer_date,
    absl::Span<const ZenginTransfer> transfers);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_ZENGIN_FILE_H_
