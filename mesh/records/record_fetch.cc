#include "mesh/records/record_fetch.h"

#include <memory>
#include <string>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

// Keeps the file and the frame it read last: neighbours often share both.
class Fetcher {
 public:
  explicit Fetcher(SegmentFolder& folder) : folder_(folder) {}

  absl::StatusOr<StoredRecord> Fetch(const RecordPosition& position) {
    if (position.segment != segment_ || file_ == nullptr) {
      PSM_ASSIGN_OR_RETURN(file_, folder_.Open(position.segment));
      segment_ = position.segment;
      bytes_.clear();
    }
    if (bytes_.empty() || position.offset != offset_) {
      PSM_ASSIGN_OR_RETURN(bytes_,
                           file_->Read(position.offset, position.frame_bytes));
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
  std::unique_ptr<SegmentFile> file_;
  std::uint64_t segment_ = 0;
  std::uint32_t offset_ = 0;
  std::string bytes_;
};

}  // namespace

absl::StatusOr<std::vector<StoredRecord>> FetchRecords(
    SegmentFolder& folder, const std::vector<RecordPosition>& positions) {
  std::vector<StoredRecord> records;
  records.reserve(positions.size());
  Fetcher fetcher(folder);
  for (const RecordPosition& position : positions) {
    absl::StatusOr<StoredRecord> record = fetcher.Fetch(position);
    if (!record.ok()) {
      LogError("records_unreadable",
               {{"segment", std::to_string(position.segment)},
                {"offset", std::to_string(position.offset)},
                {"index", std::to_string(position.index)},
                {"error", std::string(record.status().message())}});
      return MakeError(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                       Party::kGateway,
                       "the records cannot be read: try later");
    }
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace psm
