// Why a batch that was refused is not found later.
//
// After a failed write or fdatasync nobody knows which bytes are on the disk:
// the kernel may have dropped the dirty pages, may show them to readers all the
// same, and a second fdatasync would report success for pages it no longer
// holds. So a segment with a failure is never written again, and its end stays
// where the last successful commit left it. Restart must come to the same end:
//
//  1. At once, before the waiters are told, the segment is cut back to that
//     end. Cutting needs no space. If it succeeds, the bytes cannot be reached
//     any more.
//  2. Whether or not it did, the header of the next segment states the number
//     and the offset at which the log left this one, and is durable before
//     anything after it is acknowledged. A reader follows that statement and
//     never the bytes behind it.
//
// What remains: the cut fails, no further segment can be begun, and the process
// ends. If the bytes did reach the disk, restart finds them: whole Appends,
// indistinguishable from a commit whose acknowledgement was cut off by the
// crash. We accept that: such a record says that an answer "was to be
// released", and it was not. The log then says too much, never too little, and
// what is released is always in it. The other way out, to leave the last commit
// out at start, would lose records that were acknowledged.
//
// The last commit at start. It may have been acknowledged, so it must be kept;
// it may be in the page cache only (the process died between write and
// fdatasync, or after a failed one), so it must be written anew: it is carried
// into the next segment, made durable there, and only then does a header say
// that the segment before ended where that commit began. A crash in between
// leaves the old segment in force. Commits before the last are known to be
// durable, for each was waited for before the next was written.
#include "mesh/records/log_writer.h"

#include <utility>

#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

// Appends `frame` to `buffer`, which stands for what begins at `base` in
// segment `number`, and says where it will lie.
IndexedFrame Place(std::uint64_t number, std::uint64_t base,
                   std::uint64_t index, std::uint64_t batch_index,
                   const QueuedFrame& frame, std::string& buffer) {
  FrameHeader header;
  header.kind = frame.kind;
  header.payload_crc = frame.payload_crc;
  header.record_count = static_cast<std::uint32_t>(frame.keys.size());
  header.generation = number;
  header.first_index = index;
  header.batch_index = batch_index;
  IndexedFrame placed;
  placed.segment = number;
  placed.offset = static_cast<std::uint32_t>(base + buffer.size());
  placed.frame_bytes =
      static_cast<std::uint32_t>(FrameBytes(frame.payload.size()));
  AppendFrame(header, frame.payload, buffer);
  return placed;
}

}  // namespace

absl::Status LogWriter::Open(SegmentFile& file, std::uint64_t number,
                             const std::string& carried) {
  PSM_RETURN_IF_ERROR(quota_.Admit(kSegmentHeaderBytes + carried.size()));
  if (!carried.empty()) {
    // First the frames, then the header that makes them count.
    PSM_RETURN_IF_ERROR(file.Write(kSegmentHeaderBytes, carried));
    PSM_RETURN_IF_ERROR(file.Sync());
  }
  SegmentHeader header;
  header.number = number;
  header.log_id = end_.log_id;
  header.first_index = end_.index;
  header.previous = end_.segment;
  header.previous_end = end_.offset;
  header.expunging = end_.expunging;
  PSM_RETURN_IF_ERROR(file.Write(0, EncodeSegmentHeader(header)));
  return file.Sync();
}

absl::StatusOr<std::vector<IndexedFrame>> LogWriter::Activate() {
  file_.reset();
  PSM_ASSIGN_OR_RETURN(SpareSegment spare, supply_.Take());
  std::vector<IndexedFrame> placed;
  std::string carried;
  std::uint64_t index = end_.index;
  for (const QueuedFrame& frame : end_.carried) {
    placed.push_back(Place(spare.number, kSegmentHeaderBytes, index, end_.index,
                           frame, carried));
    index += frame.keys.size();
  }
  if (absl::Status status = Open(*spare.file, spare.number, carried);
      !status.ok()) {
    // Its header may have reached the disk; without bytes it is no segment.
    if (absl::Status cut = spare.file->Truncate(0); !cut.ok()) {
      LogWarning("records_cut_failed",
                 {{"segment", std::to_string(spare.number)},
                  {"error", std::string(cut.message())}});
    }
    supply_.Remove(spare.number);
    return status;
  }
  for (std::size_t i = 0; i < placed.size(); ++i) {
    placed[i].keys = std::move(end_.carried[i].keys);
  }
  if (end_.segment != 0) supply_.Trim(end_.segment, end_.offset);
  if (end_.emptied.has_value()) supply_.Recycle(*end_.emptied);
  if (!placed.empty()) placed.pop_back();  // the head: no records
  end_.carried.clear();
  end_.emptied.reset();
  end_.segment = spare.number;
  end_.offset = kSegmentHeaderBytes + carried.size();
  end_.index = index;
  file_ = std::move(spare.file);
  file_bytes_ = spare.bytes;
  quota_.Use(end_.offset);
  return placed;
}

absl::StatusOr<std::vector<IndexedFrame>> LogWriter::Commit(
    const std::vector<QueuedFrame*>& frames) {
  std::vector<IndexedFrame> placed;
  placed.reserve(frames.size());
  std::uint64_t index = end_.index;
  buffer_.clear();
  for (const QueuedFrame* frame : frames) {
    placed.push_back(
        Place(end_.segment, end_.offset, index, end_.index, *frame, buffer_));
    index += frame->keys.size();
  }
  absl::Status status = quota_.Admit(buffer_.size());
  if (status.ok()) status = file_->Write(end_.offset, buffer_);
  if (status.ok()) status = file_->Sync();
  if (!status.ok()) {
    if (absl::Status cut = file_->Truncate(end_.offset); !cut.ok()) {
      LogWarning("records_cut_failed",
                 {{"segment", std::to_string(end_.segment)},
                  {"error", std::string(cut.message())}});
    }
    file_.reset();
    return status;
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    placed[i].keys = std::move(frames[i]->keys);
  }
  placed.pop_back();  // the head: nothing to be found by
  end_.offset += buffer_.size();
  end_.index = index;
  quota_.Use(buffer_.size());
  return placed;
}

}  // namespace psm
