#include "mesh/records/record_fetch.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

// So many places are announced before the first of them is read: the disk
// then works on all of them at once. Each may hold a file open.
constexpr std::size_t kAnnounced = 32;

// The segments of one batch of places, each opened once, and the frame read
// last: neighbours often share it.
class Fetcher {
 public:
  explicit Fetcher(SegmentFolder& folder) : folder_(folder) {}

  // For places that Fetch is then asked for.
  absl::Status Announce(absl::Span<const RecordPosition> positions) {
    files_.clear();
    for (const RecordPosition& position : positions) {
      std::unique_ptr<SegmentFile>& file = files_[position.segment];
      if (file == nullptr) {
        PSM_ASSIGN_OR_RETURN(file, folder_.Open(position.segment));
      }
      if (positions.size() > 1) {
        file->Announce(position.offset, position.frame_bytes);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<StoredRecord> Fetch(const RecordPosition& position) {
    if (position.segment != segment_ || position.offset != offset_ ||
        bytes_.empty()) {
      PSM_ASSIGN_OR_RETURN(bytes_,
                           files_.at(position.segment)
                               ->Read(position.offset, position.frame_bytes));
      segment_ = position.segment;
      offset_ = position.offset;
    }
    std::optional<FrameView> frame = DecodeFrame(bytes_, position.segment);
    if (frame.has_value() &&
        frame->header.first_index + position.ordinal == position.index) {
      auto records = SplitPayload(frame->payload, frame->header.record_count);
      if (records.has_value() && position.ordinal < records->size()) {
        const PayloadItem& item = (*records)[position.ordinal];
        StoredRecord stored;
        stored.index = position.index;
        stored.seed = std::string(item.seed);
        if (stored.record.ParseFromArray(
                item.record.data(), static_cast<int>(item.record.size()))) {
          return stored;
        }
      }
    }
    return absl::DataLossError("the frame is damaged");
  }

 private:
  SegmentFolder& folder_;
  std::map<std::uint64_t, std::unique_ptr<SegmentFile>> files_;
  std::uint64_t segment_ = 0;  // of bytes_, as is offset_
  std::uint32_t offset_ = 0;
  std::string bytes_;
};

absl::Status Unreadable(const RecordPosition& position,
                        const absl::Status& why) {
  LogError("records_unreadable", {{"segment", std::to_string(position.segment)},
                                  {"offset", std::to_string(position.offset)},
                                  {"index", std::to_string(position.index)},
                                  {"error", std::string(why.message())}});
  return MakeError(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                   Party::kGateway, "the records cannot be read: try later");
}

}  // namespace

absl::StatusOr<std::vector<StoredRecord>> FetchRecords(
    SegmentFolder& folder, const std::vector<RecordPosition>& positions) {
  std::vector<StoredRecord> records;
  records.reserve(positions.size());
  Fetcher fetcher(folder);
  absl::Span<const RecordPosition> left = positions;
  while (!left.empty()) {
    const auto batch = left.subspan(0, kAnnounced);
    left.remove_prefix(batch.size());
    if (absl::Status open = fetcher.Announce(batch); !open.ok()) {
      return Unreadable(batch.front(), open);
    }
    for (const RecordPosition& position : batch) {
      absl::StatusOr<StoredRecord> record = fetcher.Fetch(position);
      if (!record.ok()) return Unreadable(position, record.status());
      records.push_back(*std::move(record));
    }
  }
  return records;
}

}  // namespace psm
