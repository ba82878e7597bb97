#include "mesh/records/index_run.h"

#include <algorithm>
#include <utility>

#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// Blocks that a cursor reads at a time.
constexpr std::uint64_t kReadBlocks = 16;

absl::Status Damaged() {
  return absl::DataLossError("a run of the index is not as it was written");
}

// How many of a block's items come before `place`.
std::size_t CountBefore(absl::string_view block, std::size_t count,
                        std::size_t item_bytes, const IndexPlace& place) {
  std::size_t low = 0;
  std::size_t high = count;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (PlaceAt(block, middle, item_bytes) < place) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const IndexRun>> IndexRun::Open(
    const std::string& name, const std::string& log_id, std::uint64_t from,
    std::uint64_t to) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<IndexFile> file, IndexFile::Open(name));
  PSM_ASSIGN_OR_RETURN(std::string bytes, file->Read(0, kIndexBlockBytes));
  PSM_ASSIGN_OR_RETURN(std::uint64_t size, file->Size());
  std::optional<IndexRunHeader> header = DecodeIndexRunHeader(bytes);
  if (!header.has_value()) {
    return absl::DataLossError("a run of the index has no sound header");
  }
  if (header->log_id != log_id) {
    return absl::DataLossError("a run of the index is of another log");
  }
  if (header->from != from || header->to != to || from >= to ||
      size != header->layout.data_offset() +
                  header->data_blocks * kIndexBlockBytes) {
    return Damaged();
  }
  std::shared_ptr<IndexRun> run(
      new IndexRun(std::move(file), *std::move(header)));
  PSM_RETURN_IF_ERROR(run->LoadTops());
  return run;
}

absl::Status IndexRun::LoadTops() {
  std::uint64_t fences = 0;
  std::uint64_t offset = header_.layout.fence_offset();
  while (fences < header_.data_blocks) {
    std::size_t count = 0;
    PSM_ASSIGN_OR_RETURN(std::string block,
                         ReadBlock(offset, kIndexPlaceBytes, count));
    tops_.push_back(PlaceAt(block, 0, kIndexPlaceBytes));
    fences += count;
    offset += kIndexBlockBytes;
  }
  if (fences != header_.data_blocks || offset > header_.layout.data_offset() ||
      !std::is_sorted(tops_.begin(), tops_.end())) {
    return Damaged();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> IndexRun::ReadBlock(std::uint64_t offset,
                                                std::size_t item_bytes,
                                                std::size_t& count) const {
  PSM_ASSIGN_OR_RETURN(std::string block,
                       file_->Read(offset, kIndexBlockBytes));
  std::optional<std::size_t> items = CheckIndexBlock(block, item_bytes);
  if (!items.has_value()) return Damaged();
  count = *items;
  return block;
}

absl::StatusOr<bool> IndexRun::MayHold(const IndexKey& key) const {
  PSM_ASSIGN_OR_RETURN(
      std::string bytes,
      file_->Read(
          header_.layout.filter_offset() +
              FilterLineOf(key, header_.layout.filter_lines) * kFilterLineBytes,
          kFilterLineBytes));
  std::optional<FilterLine> line = FilterLine::Decode(bytes);
  if (!line.has_value()) return Damaged();
  return line->MayHold(key);
}

absl::StatusOr<bool> IndexRun::Visit(const IndexKey& key, std::uint64_t before,
                                     IndexVisitor visit) const {
  if (before <= header_.from) return true;
  if (key != kPlaceKey) {
    PSM_ASSIGN_OR_RETURN(bool may_hold, MayHold(key));
    if (!may_hold) return true;
  }
  const IndexPlace end{key, before};
  auto top = std::lower_bound(tops_.begin(), tops_.end(), end);
  if (top == tops_.begin()) return true;
  const auto fence_block = static_cast<std::uint64_t>(top - tops_.begin()) - 1;
  std::size_t count = 0;
  PSM_ASSIGN_OR_RETURN(
      std::string block,
      ReadBlock(header_.layout.fence_offset() + fence_block * kIndexBlockBytes,
                kIndexPlaceBytes, count));
  const std::size_t fences = CountBefore(block, count, kIndexPlaceBytes, end);
  if (fences == 0) return Damaged();
  std::uint64_t number = fence_block * kFencesInBlock + fences - 1;
  while (true) {
    PSM_ASSIGN_OR_RETURN(block, ReadBlock(header_.layout.data_offset() +
                                              number * kIndexBlockBytes,
                                          kIndexEntryBytes, count));
    for (std::size_t item = CountBefore(block, count, kIndexEntryBytes, end);
         item > 0; --item) {
      const IndexEntry entry = EntryAt(block, item - 1);
      if (entry.key != key) return true;
      if (!visit(entry)) return false;
    }
    if (number == 0) return true;
    --number;
  }
}

absl::StatusOr<bool> IndexRunCursor::Next(IndexEntry& entry) {
  const IndexRunHeader& header = run_->header_;
  while (item_ == count_) {
    at_ += count_ == 0 ? 0 : kIndexBlockBytes;
    if (at_ == bytes_.size()) {
      const std::uint64_t blocks =
          std::min(kReadBlocks, header.data_blocks - next_block_);
      if (blocks == 0) {
        if (seen_ != header.entries) return Damaged();
        return false;
      }
      PSM_ASSIGN_OR_RETURN(bytes_,
                           run_->file_->Read(header.layout.data_offset() +
                                                 next_block_ * kIndexBlockBytes,
                                             blocks * kIndexBlockBytes));
      if (bytes_.size() != blocks * kIndexBlockBytes) return Damaged();
      next_block_ += blocks;
      at_ = 0;
    }
    std::optional<std::size_t> count =
        CheckIndexBlock(absl::string_view(bytes_).substr(at_, kIndexBlockBytes),
                        kIndexEntryBytes);
    if (!count.has_value()) return Damaged();
    count_ = *count;
    item_ = 0;
  }
  entry =
      EntryAt(absl::string_view(bytes_).substr(at_, kIndexBlockBytes), item_++);
  ++seen_;
  return true;
}

}  // namespace psm
