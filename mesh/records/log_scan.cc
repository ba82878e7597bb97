// Two rules make "the highest segment with a header, and those it follows" the
// log:
//  - A header is made durable before anything in its segment is acknowledged,
//    and numbers only rise. So every acknowledged record is in the highest
//    segment that has a header, or in one that it follows.
//  - A header names the segment before it and how many bytes of it count. What
//    an abandoned segment holds behind that, and a segment that nobody follows,
//    was never acknowledged.
// A commit is written only when the one before it was acknowledged, so a frame
// of a later commit proves that all before it must be there: without one, a bad
// frame is a torn end; with one, it is damage. A commit ends with a head, in
// the same write, so one without is a torn end as well.
#include "mesh/records/log_scan.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// Whether a segment without a header holds the records of an append: then its
// header was there once. Carried frames are written before the header.
absl::StatusOr<bool> HoldsAppends(SegmentFile& file,
                                  const SegmentEntry& entry) {
  PSM_ASSIGN_OR_RETURN(std::string bytes,
                       file.Read(kSegmentHeaderBytes, kFrameHeaderBytes));
  if (bytes.find_first_not_of('\0') == std::string::npos) return false;
  PSM_ASSIGN_OR_RETURN(bytes, file.Read(kSegmentHeaderBytes, entry.bytes));
  absl::string_view rest = bytes;
  while (std::optional<FrameView> frame = DecodeFrame(rest, entry.number)) {
    if (frame->header.kind == FrameKind::kAppend) return true;
    rest.remove_prefix(frame->bytes);
  }
  return false;
}

// Whether a frame of a commit after `index` stands anywhere in `bytes`.
bool HoldsLaterCommit(absl::string_view bytes, std::uint64_t generation,
                      std::uint64_t index) {
  for (std::size_t at = bytes.find(kFrameMark); at != absl::string_view::npos;
       at = bytes.find(kFrameMark, at + 1)) {
    std::optional<FrameView> frame = DecodeFrame(bytes.substr(at), generation);
    if (frame.has_value() && frame->header.batch_index > index) return true;
  }
  return false;
}

}  // namespace

absl::Status RecordsDamaged(absl::string_view what, std::uint64_t segment,
                            std::uint64_t offset, std::uint64_t index) {
  return MakeError(absl::StatusCode::kDataLoss, "RECORDS_DAMAGED",
                   Party::kGateway, what,
                   {{"segment", std::to_string(segment)},
                    {"offset", std::to_string(offset)},
                    {"index", std::to_string(index)}});
}

absl::Status Enough() { return absl::CancelledError("enough"); }

absl::StatusOr<LogChain> FindChain(SegmentFolder& folder) {
  LogChain chain;
  PSM_ASSIGN_OR_RETURN(std::vector<SegmentEntry> entries, folder.List());
  std::map<std::uint64_t, ChainSegment> headed;
  for (const SegmentEntry& entry : entries) {
    chain.highest = std::max(chain.highest, entry.number);
    absl::StatusOr<std::unique_ptr<SegmentFile>> file =
        folder.Open(entry.number);
    if (absl::IsNotFound(file.status())) continue;  // removed since
    PSM_RETURN_IF_ERROR(file.status());
    PSM_ASSIGN_OR_RETURN(std::string bytes,
                         (*file)->Read(0, kSegmentHeaderBytes));
    PSM_ASSIGN_OR_RETURN(std::optional<SegmentHeader> header,
                         DecodeSegmentHeader(bytes, entry.number));
    if (header.has_value()) {
      headed[entry.number] = {*header, entry.bytes, std::nullopt};
      continue;
    }
    PSM_ASSIGN_OR_RETURN(bool appends, HoldsAppends(**file, entry));
    if (appends) {
      return RecordsDamaged(
          "the header of a segment is damaged: restore the folder",
          entry.number, 0, 0);
    }
    chain.others.push_back(entry);
  }
  if (headed.empty()) return chain;

  const std::string log_id = headed.rbegin()->second.header.log_id;
  std::uint64_t number = headed.rbegin()->first;
  std::optional<std::uint64_t> end;
  while (number != 0) {
    auto found = headed.find(number);
    if (found == headed.end()) {
      chain.missing = number;
      break;
    }
    ChainSegment segment = found->second;
    headed.erase(found);
    if (segment.header.log_id != log_id) {
      return RecordsDamaged(
          "a segment belongs to another log: restore the folder", number, 0,
          segment.header.first_index);
    }
    segment.end = end;
    end = segment.header.previous_end;
    number = segment.header.previous;
    chain.segments.push_back(std::move(segment));
  }
  std::reverse(chain.segments.begin(), chain.segments.end());
  for (const auto& [left, segment] : headed) {
    chain.others.push_back({left, segment.bytes});
  }
  return chain;
}

absl::StatusOr<SegmentScan> ScanSegment(SegmentFolder& folder,
                                        const ChainSegment& segment,
                                        bool still_written,
                                        FrameVisitor visit) {
  const std::uint64_t number = segment.header.number;
  SegmentScan scan;
  scan.end_index = scan.last_batch_index = segment.header.first_index;
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SegmentFile> file, folder.Open(number));
  PSM_ASSIGN_OR_RETURN(std::string bytes,
                       file->Read(0, segment.end.value_or(segment.bytes)));
  absl::string_view rest = bytes;
  rest.remove_prefix(std::min(rest.size(), kSegmentHeaderBytes));
  struct Found {
    FrameView frame;
    std::uint64_t offset;
  };
  std::vector<Found> commit;  // that has begun and not ended
  std::uint64_t offset = scan.end;
  std::uint64_t index = scan.end_index;
  while (true) {
    std::optional<FrameView> frame = DecodeFrame(rest, number);
    if (!frame.has_value() || frame->header.first_index != index ||
        frame->header.batch_index != scan.end_index) {
      break;
    }
    commit.push_back({*frame, offset});
    offset += frame->bytes;
    index += frame->header.record_count;
    rest.remove_prefix(frame->bytes);
    if (frame->header.kind != FrameKind::kHead) continue;
    for (const Found& found : commit) {
      PSM_RETURN_IF_ERROR(visit(found.frame, found.offset));
    }
    commit.clear();
    scan.last_batch_offset = std::exchange(scan.end, offset);
    scan.last_batch_index = std::exchange(scan.end_index, index);
  }
  if (segment.end.has_value()) {
    if (scan.end != *segment.end) {
      return RecordsDamaged("records are damaged: restore the folder", number,
                            scan.end, scan.end_index);
    }
    return scan;
  }
  if (still_written) return scan;
  if (HoldsLaterCommit(rest, number, scan.end_index)) {
    return RecordsDamaged("records are damaged: restore the folder", number,
                          scan.end, scan.end_index);
  }
  std::size_t last = rest.find_last_not_of('\0');
  scan.torn_bytes =
      offset - scan.end + (last == absl::string_view::npos ? 0 : last + 1);
  return scan;
}

}  // namespace psm
