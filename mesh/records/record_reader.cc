#include "mesh/records/record_reader.h"

#include <memory>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/expunging.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

// The writer moves on between the look at the folder and that into a file: a
// segment may have been renamed or removed, or the log may have left the last
// one. Then the folder is looked at again, this many times.
constexpr int kLooks = 5;

}  // namespace

absl::Status ReadFrames(
    SegmentFolder& folder, std::uint64_t from,
    absl::FunctionRef<absl::Status(const FrameView&)> visit) {
  std::uint64_t next = from;  // index of the record to go on from
  std::uint64_t head = from;  // where the last head that was visited stood
  absl::Status refusal;
  auto read_frame = [&](const FrameView& frame, std::uint64_t) {
    const std::uint64_t end =
        frame.header.first_index + frame.header.record_count;
    std::uint64_t& seen = frame.header.kind == FrameKind::kHead ? head : next;
    if (end <= seen) return absl::OkStatus();
    seen = end;
    refusal = visit(frame);
    return refusal;
  };
  auto look = [&]() -> absl::Status {
    PSM_ASSIGN_OR_RETURN(LogChain chain, FindChain(folder));
    // What is gone was to be read: the log has to say why.
    if (next < chain.first_index()) {
      PSM_RETURN_IF_ERROR(CheckBeginning(folder, chain));
    }
    for (std::size_t i = 0; i < chain.segments.size(); ++i) {
      if (i + 1 < chain.segments.size() &&
          chain.segments[i + 1].header.first_index <= next) {
        continue;  // all of it was read
      }
      absl::StatusOr<SegmentScan> scan = ScanSegment(
          folder, chain.segments[i], /*still_written=*/true, read_frame);
      PSM_RETURN_IF_ERROR(scan.status());
    }
    return absl::OkStatus();
  };
  absl::Status status;
  for (int i = 0; i < kLooks; ++i) {
    status = look();
    if (status.ok() || !refusal.ok()) return status;
  }
  return status;
}

absl::StatusOr<std::uint64_t> ReadStored(
    SegmentFolder& folder, std::uint64_t from,
    absl::FunctionRef<bool(std::uint64_t, const PayloadItem&)> visit) {
  std::uint64_t next = from;
  absl::Status status = ReadFrames(folder, from, [&](const FrameView& frame) {
    if (frame.header.kind == FrameKind::kHead) return absl::OkStatus();
    auto items = SplitPayload(frame.payload, frame.header.record_count);
    if (!items.has_value()) return absl::DataLossError("a frame is malformed");
    for (std::size_t i = 0; i < items->size(); ++i) {
      const std::uint64_t index = frame.header.first_index + i;
      if (index < next) continue;
      next = index + 1;
      if (!visit(index, (*items)[i])) return Enough();
    }
    return absl::OkStatus();
  });
  if (status.ok() || absl::IsCancelled(status)) return next;
  return status;
}

absl::StatusOr<std::uint64_t> RecordReader::Read(
    std::uint64_t from,
    absl::FunctionRef<bool(std::uint64_t, const records::v1::Record&)> visit)
    const {
  std::unique_ptr<PosixSegmentFolder> folder =
      PosixSegmentFolder::OpenToRead(folder_);
  if (absl::IsNotFound(folder->List().status())) return from;
  bool parsed = true;
  absl::StatusOr<std::uint64_t> next = ReadStored(
      *folder, from, [&](std::uint64_t index, const PayloadItem& item) {
        records::v1::Record record;
        parsed = record.ParseFromArray(item.record.data(),
                                       static_cast<int>(item.record.size()));
        return parsed && visit(index, record);
      });
  if (!parsed) return absl::DataLossError("a record does not parse");
  return next;
}

}  // namespace psm
