#include "mesh/records/record_log.h"

namespace psm {

Recorded Recall(absl::Span<const StoredRecord> records, RecordLog& log) {
  Recorded recorded;
  recorded.index = records.front().index;
  for (const StoredRecord& stored : records) {
    recorded.seals.emplace_back(stored.record, stored.seed);
  }
  recorded.checkpoint = log.Checkpoint();
  return recorded;
}

}  // namespace psm
