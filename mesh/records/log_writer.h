// Writes frames to the segments of a log and makes them durable. Knows no
// threads and no waiters.
#ifndef PSM_MESH_RECORDS_LOG_WRITER_H_
#define PSM_MESH_RECORDS_LOG_WRITER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/records/record_index.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/segment_format.h"
#include "mesh/records/segment_supply.h"
#include "mesh/records/space_quota.h"

namespace psm {

// The records of one Append, or a head, ready but for its place in the log.
struct QueuedFrame {
  FrameKind kind = FrameKind::kAppend;
  std::string payload;
  std::uint32_t payload_crc = 0;
  std::vector<RecordKeys> keys;  // one a record; none in a head
};

// The end of a log, as far as it is known to be durable.
struct LogEnd {
  std::string log_id;
  std::uint64_t segment = 0;    // number of the last one that counts; 0: none
  std::uint64_t offset = 0;     // how much of it counts
  std::uint64_t index = 0;      // of the next record
  std::uint64_t expunging = 0;  // of the last record of kind EXPUNGED; 0: none
  // The last commit found at start: it may have been acknowledged and may not
  // be on the disk.
  std::vector<QueuedFrame> carried;
  // What held nothing but the carried frames.
  std::optional<SegmentEntry> emptied;
};

// Used by one thread at a time. `supply` and `quota` must outlive it.
class LogWriter {
 public:
  LogWriter(SegmentSupply& supply, SpaceQuota& quota, LogEnd end)
      : supply_(supply), quota_(quota), end_(std::move(end)) {}
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  bool active() const { return file_ != nullptr; }

  // Says that record `index`, which is durable, is of kind EXPUNGED: whoever
  // reads the log finds it by the headers of segments from now on.
  void NoteExpunging(std::uint64_t index) { end_.expunging = index; }

  // Whether frames of `bytes` in all fit the active segment.
  bool HasRoom(std::uint64_t bytes) const {
    return active() && bytes <= file_bytes_ - end_.offset;
  }

  // Begins the next segment: when this returns OK, it is durably stated where
  // the one before ended, and carried frames are durable in the new one; they
  // are returned, once, for the index. May wait for a spare. After an error no
  // segment is active and the log's end is where it was.
  absl::StatusOr<std::vector<IndexedFrame>> Activate();

  // Makes the frames durable, all or none, with one write and one fdatasync;
  // the last must be a head. Takes their keys. HasRoom must hold. After an
  // error the segment is given up for good, none is active, and none of these
  // frames is part of the log; see the argument in the .cc file.
  absl::StatusOr<std::vector<IndexedFrame>> Commit(
      const std::vector<QueuedFrame*>& frames);

 private:
  absl::Status Open(SegmentFile& file, std::uint64_t number,
                    const std::string& carried);

  SegmentSupply& supply_;
  SpaceQuota& quota_;
  LogEnd end_;
  std::unique_ptr<SegmentFile> file_;  // the active segment: end_.segment
  std::uint64_t file_bytes_ = 0;
  std::string buffer_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_WRITER_H_
