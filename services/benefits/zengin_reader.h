// Reads a bulk transfer file (zengin_file.h), as a bank sends back what it
// could not pay. Knows no payments.
#ifndef PSM_SERVICES_BENEFITS_ZENGIN_READER_H_
#define PSM_SERVICES_BENEFITS_ZENGIN_READER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/benefits/zengin_file.h"

namespace psm {

// What a file says. Names of holders stay as the file has them: one byte a
// character, with the spaces that fill the field.
struct ZenginContents {
  std::string consignor_code;  // 10 digits
  std::vector<ZenginTransfer> transfers;
};

// INVALID_ARGUMENT, naming the record (from 0) and the field, for anything but
// a header, data, a trailer whose number and sum are those of the data, and an
// end, each of 120 bytes and CR LF (the last line end may be missing). At most
// 999,999 transfers.
absl::StatusOr<ZenginContents> ReadZenginFile(absl::string_view file);

// A holder's name as a file has it: the first 30 bytes, filled with spaces.
// INVALID_ARGUMENT for what a bank does not write.
absl::StatusOr<std::string> ZenginHolderField(absl::string_view holder_kana);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_ZENGIN_READER_H_
