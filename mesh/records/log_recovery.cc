#include "mesh/records/log_recovery.h"

#include <string>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/segment_format.h"
#include "psm/records/v1/record.pb.h"

namespace psm {
namespace {

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

// A frame of the last segment, held back until a later commit shows that it is
// durable.
struct HeldFrame {
  IndexedFrame place;
  QueuedFrame frame;  // without keys
};

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(SegmentFolder& folder, Random& random,
                                        absl::Time now, RecordIndex& index) {
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
  SegmentScan scan;
  std::vector<HeldFrame> held;
  for (const ChainSegment& segment : chain.segments) {
    if (segment.header.first_index != index.size()) {
      return MakeError(
          absl::StatusCode::kDataLoss, "RECORDS_DAMAGED", Party::kGateway,
          "a segment does not continue the one before: restore the folder",
          {{"segment", std::to_string(segment.header.number)},
           {"index", std::to_string(index.size())}});
    }
    auto visit = [&](const FrameView& frame, std::uint64_t offset) {
      absl::StatusOr<std::vector<RecordKeys>> keys = KeysOfFrame(frame);
      if (!keys.ok()) return keys.status();
      HeldFrame read;
      read.place.segment = segment.header.number;
      read.place.offset = static_cast<std::uint32_t>(offset);
      read.place.frame_bytes = static_cast<std::uint32_t>(frame.bytes);
      read.place.keys = *std::move(keys);
      std::vector<IndexedFrame> durable;
      if (&segment != &last) {
        durable.push_back(std::move(read.place));
      } else {
        if (frame.header.batch_index == frame.header.first_index) {
          for (HeldFrame& known : held) {
            durable.push_back(std::move(known.place));
          }
          held.clear();
        }
        read.frame.payload = std::string(frame.payload);
        read.frame.payload_crc = frame.header.payload_crc;
        held.push_back(std::move(read));
      }
      if (!durable.empty()) index.Add(std::move(durable), now);
      return absl::OkStatus();
    };
    PSM_ASSIGN_OR_RETURN(
        scan, ScanSegment(folder, segment, /*still_written=*/false, visit));
    log.used_bytes += segment.end.value_or(scan.last_batch_offset);
  }
  log.torn_bytes = scan.torn_bytes;
  log.end.log_id = last.header.log_id;
  log.end.segment = last.header.number;
  log.end.offset = scan.last_batch_offset;
  log.end.index = scan.last_batch_index;
  for (HeldFrame& frame : held) {
    frame.frame.keys = std::move(frame.place.keys);
    log.end.carried.push_back(std::move(frame.frame));
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
