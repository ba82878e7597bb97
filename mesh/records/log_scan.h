// Reads a folder of segments back into one log: which segments belong to it,
// where each ends, what is damaged. Changes nothing.
#ifndef PSM_MESH_RECORDS_LOG_SCAN_H_
#define PSM_MESH_RECORDS_LOG_SCAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/segment_format.h"

namespace psm {

// A segment of the log.
struct ChainSegment {
  SegmentHeader header;
  std::uint64_t bytes = 0;           // size of the file
  std::optional<std::uint64_t> end;  // as its successor says; nullopt: the last
};

struct LogChain {
  std::vector<ChainSegment> segments;  // oldest first; empty: a new log
  std::vector<SegmentEntry> others;    // spares, abandoned and recycled ones
  std::uint64_t highest = 0;           // number in use; 0: none
  // Number of the segment that the oldest one follows and that is gone; 0: none
  // is. Whether it may be gone says CheckBeginning (expunging.h).
  std::uint64_t missing = 0;

  // Log index of the first record that is there.
  std::uint64_t first_index() const {
    return segments.empty() ? 0 : segments.front().header.first_index;
  }
};

// Finds the segments of the log: the highest one with a header and those it
// follows, up to one that is missing. DATA_LOSS, reason RECORDS_DAMAGED, where
// one belongs to another log, or holds records under a damaged header;
// FAILED_PRECONDITION RECORDS_FORMAT_UNKNOWN; or the operating system's error.
absl::StatusOr<LogChain> FindChain(SegmentFolder& folder);

struct SegmentScan {
  std::uint64_t end = kSegmentHeaderBytes;  // offset after the last commit
  std::uint64_t end_index = 0;              // log index after its last record
  // The last commit found, of which nobody knows whether it was acknowledged;
  // equal to `end` and `end_index` where there is none.
  std::uint64_t last_batch_offset = kSegmentHeaderBytes;
  std::uint64_t last_batch_index = 0;
  std::uint64_t torn_bytes = 0;  // behind `end`, of a commit that never ended
};

// DATA_LOSS, reason RECORDS_DAMAGED: `what`, and where.
absl::Status RecordsDamaged(absl::string_view what, std::uint64_t segment,
                            std::uint64_t offset, std::uint64_t index);

// What a visitor returns to end a scan early, and the scan then: CANCELLED, no
// error.
absl::Status Enough();

// `offset` is that of the frame in the segment.
using FrameVisitor = absl::FunctionRef<absl::Status(const FrameView& frame,
                                                    std::uint64_t offset)>;

// Visits the frames of one segment in order, up to its end; those of a commit
// only when its head, the last of them, is there. DATA_LOSS, reason
// RECORDS_DAMAGED with segment, offset and index, where a frame that was
// acknowledged is not whole: one before the end that the successor states, or,
// in the last segment, one with a later commit behind it. A status of `visit`
// other than OK ends the scan and is returned.
//
// `still_written`: the writer is at work, so the end of the last segment moves
// and what lies behind it is not looked at.
absl::StatusOr<SegmentScan> ScanSegment(SegmentFolder& folder,
                                        const ChainSegment& segment,
                                        bool still_written, FrameVisitor visit);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_SCAN_H_
