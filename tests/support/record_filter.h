// Which records of a mesh a test asks about.
#ifndef PSM_TESTS_SUPPORT_RECORD_FILTER_H_
#define PSM_TESTS_SUPPORT_RECORD_FILTER_H_

#include <optional>
#include <string>

#include "psm/records/v1/record.pb.h"

namespace psm::testing {

// What is empty matches everything.
struct RecordFilter {
  std::string exchange_id = "";
  std::string consumer = "";
  std::string provider = "";
  std::string method = "";  // or its end: "GetTaxStatus"
  std::string reason = "";  // "NO_AGREEMENT"
  std::string person = "";  // a persona's short name: the subject
  std::optional<records::v1::Record::Kind> kind = std::nullopt;
};

// Whether `record` passes; `subject` is the code of `person` in the scope
// `records`, or empty.
bool Matches(const RecordFilter& filter, const std::string& subject,
             const records::v1::Record& record);

}  // namespace psm::testing

#endif  // PSM_TESTS_SUPPORT_RECORD_FILTER_H_
