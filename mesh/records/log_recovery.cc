#include "mesh/records/log_recovery.h"

#include <string>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/log_commits.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/segment_format.h"

namespace psm {

absl::StatusOr<RecoveredLog> RecoverLog(SegmentFolder& folder, Random& random) {
  RecoveredLog log;
  PSM_ASSIGN_OR_RETURN(LogChain chain, FindChain(folder));
  log.highest = chain.highest;
  log.debris = std::move(chain.others);
  log.segments = chain.segments.size();
  if (chain.segments.empty()) {
    log.end.log_id = random.Bytes(kLogIdBytes);
    return log;
  }
  const ChainSegment& last = chain.segments.back();
  std::vector<QueuedFrame> held;  // of the last commit
  auto visit = [&](const FrameView& frame, std::uint64_t) {
    PSM_ASSIGN_OR_RETURN(std::vector<RecordKeys> keys, KeysOfFrame(frame));
    if (frame.header.batch_index == frame.header.first_index) held.clear();
    held.push_back({std::string(frame.payload), frame.header.payload_crc,
                    std::move(keys)});
    return absl::OkStatus();
  };
  PSM_ASSIGN_OR_RETURN(
      SegmentScan scan,
      ScanSegment(folder, last, /*still_written=*/false, visit));
  for (const ChainSegment& segment : chain.segments) {
    log.used_bytes += segment.end.value_or(scan.last_batch_offset);
  }
  log.torn_bytes = scan.torn_bytes;
  log.end.log_id = last.header.log_id;
  log.end.segment = last.header.number;
  log.end.offset = scan.last_batch_offset;
  log.end.index = scan.last_batch_index;
  log.end.carried = std::move(held);
  if (scan.last_batch_offset == kSegmentHeaderBytes) {
    // Nothing stays in it: the next segment follows the one before it.
    log.used_bytes -= kSegmentHeaderBytes;
    log.end.emptied = SegmentEntry{last.header.number, last.bytes};
    log.end.segment = last.header.previous;
    log.end.offset = last.header.previous_end;
  }
  return log;
}

}  // namespace psm
