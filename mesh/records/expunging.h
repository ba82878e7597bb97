// Old records that go: how the log says so, and which segments it holds are old
// enough. Removes nothing itself.
#ifndef PSM_MESH_RECORDS_EXPUNGING_H_
#define PSM_MESH_RECORDS_EXPUNGING_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/record_log.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/segment_format.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// No log keeps its records for less: exchange ids are good for 24 h.
inline constexpr absl::Duration kShortestRetention = absl::Hours(48);

// What a record of kind EXPUNGED says: that the records below `end` are gone,
// or going.
struct Expunging {
  std::uint64_t index = 0;  // of the record that says so
  std::uint64_t begin = 0;  // the first one that it was about
  std::uint64_t end = 0;    // the first one that stays; at most `index`
  absl::Time before;        // all that went were recorded before
  absl::Time time;          // when
};

// What `record`, at `index`, says; nullopt for one of another kind.
std::optional<Expunging> ExpungingOf(std::uint64_t index,
                                     const records::v1::Record& record);
records::v1::Record ExpungingRecord(const Expunging& expunging);

// The last one of a frame. Looks at the first bytes of each record only.
std::optional<Expunging> ExpungingIn(const FrameView& frame);

// The last one of a log, of which `in_last` is that of its last segment: where
// that has none, its header names it, for a segment's header names the last one
// before. DATA_LOSS, reason RECORDS_DAMAGED, where that is none.
absl::StatusOr<std::optional<Expunging>> LastExpunging(
    SegmentFolder& folder, const LogChain& chain,
    const std::optional<Expunging>& in_last);

// DATA_LOSS, reason RECORDS_DAMAGED, where records are missing before the first
// one of `chain` that `last`, of the same log, does not cover.
absl::Status CheckBeginning(const LogChain& chain,
                            const std::optional<Expunging>& last);
// The same for who has not read the last segment; a writer may be at work.
absl::Status CheckBeginning(SegmentFolder& folder, const LogChain& chain);

// Looks through the oldest segments, the last one left out, for those of which
// every record was recorded before `before`: returns the index at which the
// first one begins that has to stay. Reads each of them as a whole.
absl::StatusOr<std::uint64_t> FindOldEnough(SegmentFolder& folder,
                                            const LogChain& chain,
                                            absl::Time before);

// When the first record of a segment was recorded; InfiniteFuture where it has
// none.
absl::StatusOr<absl::Time> FirstRecorded(SegmentFolder& folder,
                                         const ChainSegment& segment);

// Appends and waits, for a thread without an event loop. Where the record is,
// once it is durable.
absl::StatusOr<std::uint64_t> AppendAndAwait(RecordLog& log,
                                             records::v1::Record record);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_EXPUNGING_H_
