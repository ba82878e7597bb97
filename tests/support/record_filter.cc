#include "tests/support/record_filter.h"

#include "absl/strings/match.h"

namespace psm::testing {
namespace {

bool Same(const std::string& wanted, const std::string& value) {
  return wanted.empty() || wanted == value;
}

}  // namespace

bool Matches(const RecordFilter& filter, const std::string& subject,
             const records::v1::Record& record) {
  return Same(filter.exchange_id, record.exchange_id()) &&
         Same(filter.consumer, record.consumer()) &&
         Same(filter.provider, record.provider()) &&
         absl::EndsWith(record.method(), filter.method) &&
         Same(filter.reason, record.reason()) &&
         Same(subject, record.subject()) &&
         (!filter.kind.has_value() || *filter.kind == record.kind());
}

}  // namespace psm::testing
