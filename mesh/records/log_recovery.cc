#include "mesh/records/log_recovery.h"

#include <string>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/expunging.h"
#include "mesh/records/log_commits.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

// A frame of the last segment that may be of the last commit.
struct HeldFrame {
  FrameHeader header;
  std::string payload;
};

// The payload of the last head of the log; "" where it has none. The last
// segment may have none of its own: it was begun for a commit that never ended.
absl::StatusOr<std::string> FindHead(
    SegmentFolder& folder, const std::vector<ChainSegment>& segments) {
  std::string head;
  for (auto segment = segments.rbegin();
       head.empty() && segment != segments.rend(); ++segment) {
    auto keep = [&head](const FrameView& frame, std::uint64_t) {
      if (frame.header.kind == FrameKind::kHead) {
        head = std::string(frame.payload);
      }
      return absl::OkStatus();
    };
    absl::StatusOr<SegmentScan> scan =
        ScanSegment(folder, *segment, /*still_written=*/false, keep);
    PSM_RETURN_IF_ERROR(scan.status());
  }
  return head;
}

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(SegmentFolder& folder,
                                        const LogKeys& keys, Random& random) {
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
  std::vector<HeldFrame> held;  // of the last commit
  std::optional<Expunging> expunging;
  auto visit = [&](const FrameView& frame, std::uint64_t) {
    if (std::optional<Expunging> found = ExpungingIn(frame)) expunging = found;
    if (!held.empty() && held.back().header.kind == FrameKind::kHead) {
      held.clear();
    }
    held.push_back({frame.header, std::string(frame.payload)});
    return absl::OkStatus();
  };
  PSM_ASSIGN_OR_RETURN(
      SegmentScan scan,
      ScanSegment(folder, last, /*still_written=*/false, visit));
  PSM_ASSIGN_OR_RETURN(expunging, LastExpunging(folder, chain, expunging));
  PSM_RETURN_IF_ERROR(CheckBeginning(chain, expunging));
  log.begin = expunging.has_value() ? expunging->end : 0;
  log.end.expunging = expunging.has_value() ? expunging->index : 0;
  for (const ChainSegment& segment : chain.segments) {
    log.used_bytes += segment.end.value_or(scan.last_batch_offset);
  }
  std::string head;
  if (!held.empty()) {
    head = held.back().payload;
  } else {
    PSM_ASSIGN_OR_RETURN(head, FindHead(folder, chain.segments));
  }
  if (!head.empty()) {
    PSM_ASSIGN_OR_RETURN(log.head, DecodeHead(head, keys));
  }
  const std::uint64_t signed_size =
      log.head.has_value() ? log.head->frontier.size() : 0;
  if (signed_size != scan.end_index) {
    return MakeError(absl::StatusCode::kDataLoss, "RECORDS_DAMAGED",
                     Party::kGateway,
                     "the last head is not that of the records before it: "
                     "restore the folder",
                     {{"index", std::to_string(scan.end_index)},
                      {"signed", std::to_string(signed_size)}});
  }
  log.torn_bytes = scan.torn_bytes;
  log.end.log_id = last.header.log_id;
  log.end.segment = last.header.number;
  log.end.offset = scan.last_batch_offset;
  log.end.index = scan.last_batch_index;
  for (HeldFrame& frame : held) {
    QueuedFrame carried;
    carried.kind = FrameKind::kHead;
    if (frame.header.kind != FrameKind::kHead) {
      FrameView view;
      view.header = frame.header;
      view.payload = frame.payload;
      carried.kind = FrameKind::kCarried;
      PSM_ASSIGN_OR_RETURN(carried.keys, KeysOfFrame(view));
    }
    carried.payload = std::move(frame.payload);
    carried.payload_crc = frame.header.payload_crc;
    log.end.carried.push_back(std::move(carried));
  }
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
