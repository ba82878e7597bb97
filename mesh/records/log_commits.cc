#include "mesh/records/log_commits.h"

#include <string>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/log_scan.h"
#include "psm/records/v1/record.pb.h"

namespace psm {
namespace {

// Gathers frames into commits.
class Gatherer {
 public:
  Gatherer(std::uint64_t from, std::uint64_t to, CommitVisitor visit)
      : next_(from), to_(to), visit_(visit) {}

  std::uint64_t next() const { return next_; }
  const absl::Status& refusal() const { return refusal_; }

  // Enough() at the end, or when the visitor has refused.
  absl::Status Take(const FrameView& frame, std::uint64_t segment,
                    std::uint64_t offset) {
    if (frame.header.kind == FrameKind::kHead ||
        frame.header.first_index < next_) {
      return absl::OkStatus();
    }
    if (frame.header.batch_index == frame.header.first_index) {
      PSM_RETURN_IF_ERROR(HandOver());
    }
    if (frame.header.first_index >= to_) return Enough();
    IndexedFrame placed;
    placed.segment = segment;
    placed.offset = static_cast<std::uint32_t>(offset);
    placed.frame_bytes = static_cast<std::uint32_t>(frame.bytes);
    PSM_ASSIGN_OR_RETURN(placed.keys, KeysOfFrame(frame));
    next_ += placed.keys.size();
    commit_.push_back(std::move(placed));
    return absl::OkStatus();
  }

  absl::Status HandOver() {
    if (commit_.empty()) return absl::OkStatus();
    refusal_ = visit_(std::exchange(commit_, {}));
    return refusal_.ok() ? absl::OkStatus() : Enough();
  }

 private:
  std::uint64_t next_;  // index of the record after those taken
  const std::uint64_t to_;
  const CommitVisitor visit_;
  std::vector<IndexedFrame> commit_;
  absl::Status refusal_;
};

}  // namespace

absl::StatusOr<std::vector<RecordKeys>> KeysOfFrame(const FrameView& frame) {
  std::vector<RecordKeys> keys;
  auto records = SplitPayload(frame.payload, frame.header.record_count);
  bool parsed = records.has_value();
  if (parsed) {
    for (const auto& [seed, bytes] : *records) {
      records::v1::Record record;
      parsed = parsed && record.ParseFromArray(bytes.data(),
                                               static_cast<int>(bytes.size()));
      keys.push_back(KeysOf(record));
    }
  }
  if (parsed) return keys;
  return MakeError(absl::StatusCode::kDataLoss, "RECORDS_DAMAGED",
                   Party::kGateway,
                   "a record does not parse: restore the folder",
                   {{"segment", std::to_string(frame.header.generation)},
                    {"index", std::to_string(frame.header.first_index)}});
}

absl::Status VisitCommits(SegmentFolder& folder, std::uint64_t from,
                          std::uint64_t to, CommitVisitor visit) {
  if (from >= to) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(LogChain chain, FindChain(folder));
  Gatherer gatherer(from, to, visit);
  for (std::size_t i = 0; i < chain.segments.size(); ++i) {
    const ChainSegment& segment = chain.segments[i];
    const bool last = i + 1 == chain.segments.size();
    if (!last && chain.segments[i + 1].header.first_index <= from) continue;
    const bool continues = gatherer.next() == from
                               ? segment.header.first_index <= from
                               : segment.header.first_index == gatherer.next();
    if (!continues) break;
    absl::Status status =
        ScanSegment(folder, segment, /*still_written=*/true,
                    [&](const FrameView& frame, std::uint64_t offset) {
                      return gatherer.Take(frame, segment.header.number,
                                           offset);
                    })
            .status();
    PSM_RETURN_IF_ERROR(gatherer.refusal());
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    if (gatherer.next() >= to) break;
  }
  if (absl::Status status = gatherer.HandOver(); !status.ok()) {
    return gatherer.refusal();
  }
  if (gatherer.next() == to) return absl::OkStatus();
  return MakeError(absl::StatusCode::kDataLoss, "RECORDS_DAMAGED",
                   Party::kGateway,
                   "records are missing from the log: restore the folder",
                   {{"index", std::to_string(gatherer.next())}});
}

}  // namespace psm
