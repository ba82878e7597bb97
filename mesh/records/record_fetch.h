// Reads single records back from their places.
#ifndef PSM_MESH_RECORDS_RECORD_FETCH_H_
#define PSM_MESH_RECORDS_RECORD_FETCH_H_

#include <vector>

#include "absl/status/statusor.h"
#include "mesh/records/record_index.h"
#include "mesh/records/record_log.h"
#include "mesh/records/segment_folder.h"

namespace psm {

// The records at `positions`, in that order, each from a frame that was read
// and checked anew. UNAVAILABLE, reason RECORDS_UNAVAILABLE, where one cannot
// be read or is damaged; the log line says which.
absl::StatusOr<std::vector<StoredRecord>> FetchRecords(
    SegmentFolder& folder, const std::vector<RecordPosition>& positions);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_FETCH_H_
