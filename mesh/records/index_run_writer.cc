// Filter, fences and data grow side by side, each in a region of its own whose
// size is known beforehand, so nothing is kept in memory until the end. The
// header comes last: without it the file is no run.
#include "mesh/records/index_run_writer.h"

#include <utility>

#include "mesh/base/status_macros.h"

namespace psm {
namespace {

constexpr std::size_t kWriteBytes = std::size_t{64} << 10;

// Synced in steps, so that the disk's queue stays short for the log's own
// syncs.
constexpr std::uint64_t kSyncBytes = std::uint64_t{4} << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<IndexRunWriter>> IndexRunWriter::Create(
    const std::string& name, const std::string& log_id, std::uint64_t from,
    std::uint64_t to, std::uint64_t entries, std::uint64_t keyed) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<IndexFile> file,
                       IndexFile::Create(name));
  std::unique_ptr<IndexRunWriter> writer(new IndexRunWriter(std::move(file)));
  writer->header_.log_id = log_id;
  writer->header_.from = from;
  writer->header_.to = to;
  writer->header_.layout = IndexRunLayout::For(entries, keyed);
  writer->filter_.offset = writer->header_.layout.filter_offset();
  writer->fences_.offset = writer->header_.layout.fence_offset();
  writer->data_.offset = writer->header_.layout.data_offset();
  return writer;
}

absl::Status IndexRunWriter::Write(Stream& stream, absl::string_view bytes) {
  stream.bytes.append(bytes.data(), bytes.size());
  return stream.bytes.size() < kWriteBytes ? absl::OkStatus() : Drain(stream);
}

absl::Status IndexRunWriter::Drain(Stream& stream) {
  PSM_RETURN_IF_ERROR(file_->Write(stream.offset, stream.bytes));
  stream.offset += stream.bytes.size();
  unsynced_ += stream.bytes.size();
  stream.bytes.clear();
  if (unsynced_ < kSyncBytes) return absl::OkStatus();
  unsynced_ = 0;
  return file_->Sync();
}

absl::Status IndexRunWriter::FilterUpTo(std::uint64_t line) {
  for (; line_number_ < line; ++line_number_) {
    PSM_RETURN_IF_ERROR(Write(filter_, line_.Encode()));
    line_ = FilterLine();
  }
  return absl::OkStatus();
}

absl::Status IndexRunWriter::SealData() {
  ++header_.data_blocks;
  PSM_RETURN_IF_ERROR(Write(data_, block_.Seal()));
  return fence_block_.count() == kFencesInBlock ? SealFences()
                                                : absl::OkStatus();
}

absl::Status IndexRunWriter::SealFences() {
  return Write(fences_, fence_block_.Seal());
}

absl::Status IndexRunWriter::Add(const IndexEntry& entry) {
  if (block_.count() == kEntriesInBlock) PSM_RETURN_IF_ERROR(SealData());
  if (block_.count() == 0) fence_block_.Add(PlaceOf(entry));
  block_.Add(entry);
  ++header_.entries;
  if (entry.key == kPlaceKey) return absl::OkStatus();
  ++header_.keyed;
  PSM_RETURN_IF_ERROR(
      FilterUpTo(FilterLineOf(entry.key, header_.layout.filter_lines)));
  line_.Add(entry.key);
  return absl::OkStatus();
}

absl::Status IndexRunWriter::Finish() {
  if (block_.count() > 0) PSM_RETURN_IF_ERROR(SealData());
  if (fence_block_.count() > 0) PSM_RETURN_IF_ERROR(SealFences());
  PSM_RETURN_IF_ERROR(FilterUpTo(header_.layout.filter_lines));
  for (Stream* stream : {&filter_, &fences_, &data_}) {
    PSM_RETURN_IF_ERROR(Drain(*stream));
  }
  PSM_RETURN_IF_ERROR(file_->Write(0, EncodeIndexRunHeader(header_)));
  return file_->Sync();
}

}  // namespace psm
