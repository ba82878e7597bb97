// Reads the records of a folder from outside, while a gateway may be writing
// them: for development tools. Takes no lock and changes nothing.
#ifndef PSM_MESH_RECORDS_RECORD_READER_H_
#define PSM_MESH_RECORDS_RECORD_READER_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/segment_format.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Visits the frames of a log, heads too, from the one with record `from`
// (zero-based), or the first one that was not expunged, on, oldest first, each
// once. A status of `visit` other than OK
// ends it and is returned. A writer may be at work. What a commit is just
// writing may be shown a moment before it is durable; what was refused, only
// until its segment is cut. DATA_LOSS, reason RECORDS_DAMAGED, after the last
// commit before the damage; FAILED_PRECONDITION RECORDS_FORMAT_UNKNOWN; or the
// operating system's error.
absl::Status ReadFrames(
    SegmentFolder& folder, std::uint64_t from,
    absl::FunctionRef<absl::Status(const FrameView& frame)> visit);

// Visits the records of a log with the seeds of their seals, from log index
// `from` (zero-based) on, oldest first, until `visit` returns false; returns
// the index to go on from. Errors, and what a writer at work may do to it, as
// ReadFrames.
absl::StatusOr<std::uint64_t> ReadStored(
    SegmentFolder& folder, std::uint64_t from,
    absl::FunctionRef<bool(std::uint64_t index, const PayloadItem& item)>
        visit);

// Thread-compatible.
class RecordReader {
 public:
  explicit RecordReader(std::string folder) : folder_(std::move(folder)) {}

  // As ReadStored, so that a tool can follow the log. An empty or missing
  // folder has no records.
  absl::StatusOr<std::uint64_t> Read(
      std::uint64_t from,
      absl::FunctionRef<bool(std::uint64_t index,
                             const records::v1::Record& record)>
          visit) const;

 private:
  const std::string folder_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_READER_H_
