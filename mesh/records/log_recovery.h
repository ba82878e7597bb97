// What a start finds in a folder: the end of the log, debris.
#ifndef PSM_MESH_RECORDS_LOG_RECOVERY_H_
#define PSM_MESH_RECORDS_LOG_RECOVERY_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/log_head.h"
#include "mesh/records/log_writer.h"
#include "mesh/records/segment_folder.h"

namespace psm {

struct RecoveredLog {
  LogEnd end;
  std::optional<LogHead> head;   // after the carried commit; nullopt: a new log
  std::uint64_t highest = 0;     // segment number in use; 0: none
  std::uint64_t used_bytes = 0;  // up to `end`
  std::uint64_t torn_bytes = 0;  // of a commit that the crash cut off
  std::uint64_t segments = 0;    // of the log
  std::vector<SegmentEntry> debris;  // no part of the log
  // Of the first record that was not expunged: some of those below may still be
  // there, where a crash came between.
  std::uint64_t begin = 0;
};

// Reads the header of every segment and the whole of the last one. A folder
// without segments is a new log, named from `random`. The last head must verify
// with `key`. Changes nothing. DATA_LOSS, reason RECORDS_DAMAGED, where
// acknowledged records of the last segment are missing or damaged, or records
// are gone of which the log does not say that they were expunged; otherwise as
// FindChain and DecodeHead.
absl::StatusOr<RecoveredLog> RecoverLog(SegmentFolder& folder,
                                        const LogKeys& keys, Random& random);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_RECOVERY_H_
