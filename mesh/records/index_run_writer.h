// Writes one run of the index: entries in order, into a file that never changes
// again.
#ifndef PSM_MESH_RECORDS_INDEX_RUN_WRITER_H_
#define PSM_MESH_RECORDS_INDEX_RUN_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/records/index_file.h"
#include "mesh/records/index_run_format.h"

namespace psm {

// Used by one thread at a time. Takes about 200 KiB whatever the run's size.
class IndexRunWriter {
 public:
  // A run of the log `log_id` over the records from `from` up to `to`, with at
  // most `entries` entries, of which at most `keyed` are not places.
  static absl::StatusOr<std::unique_ptr<IndexRunWriter>> Create(
      const std::string& name, const std::string& log_id, std::uint64_t from,
      std::uint64_t to, std::uint64_t entries, std::uint64_t keyed);

  // In order, at most as many as there is room for. After an error the run is
  // good for nothing.
  absl::Status Add(const IndexEntry& entry);

  // Makes the run durable. Nothing may follow.
  absl::Status Finish();

 private:
  // Bytes on their way to one part of the file.
  struct Stream {
    std::uint64_t offset = 0;
    std::string bytes;
  };

  explicit IndexRunWriter(std::unique_ptr<IndexFile> file)
      : file_(std::move(file)) {}

  absl::Status Write(Stream& stream, absl::string_view bytes);
  absl::Status Drain(Stream& stream);
  absl::Status FilterUpTo(std::uint64_t line);
  absl::Status SealData();
  absl::Status SealFences();

  const std::unique_ptr<IndexFile> file_;
  IndexRunHeader header_;
  Stream filter_;
  Stream fences_;
  Stream data_;
  FilterLine line_;
  std::uint64_t line_number_ = 0;
  IndexBlockWriter block_;
  IndexBlockWriter fence_block_;
  std::uint64_t unsynced_ = 0;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_RUN_WRITER_H_
