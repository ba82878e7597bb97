// Reads the commits of a log that something behind it does not have yet.
#ifndef PSM_MESH_RECORDS_LOG_COMMITS_H_
#define PSM_MESH_RECORDS_LOG_COMMITS_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/records/index_entry.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/segment_format.h"

namespace psm {

// What the records of a frame are found by, in order. DATA_LOSS, reason
// RECORDS_DAMAGED, where one does not parse.
absl::StatusOr<std::vector<RecordKeys>> KeysOfFrame(const FrameView& frame);

using CommitVisitor =
    absl::FunctionRef<absl::Status(std::vector<IndexedFrame> frames)>;

// Visits the commits from log index `from`, where one begins, up to `to`, where
// one ends, in order; what lies behind `to` may be just being written. Reads
// the segments that hold them, each as a whole, and no other. A status of
// `visit` other than OK ends it and is returned. DATA_LOSS, reason
// RECORDS_DAMAGED, where the log does not hold these records whole and without
// a gap; otherwise as FindChain.
absl::Status VisitCommits(SegmentFolder& folder, std::uint64_t from,
                          std::uint64_t to, CommitVisitor visit);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_COMMITS_H_
