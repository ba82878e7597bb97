// One run of the index: a file of sorted entries that never changes.
#ifndef PSM_MESH_RECORDS_INDEX_RUN_H_
#define PSM_MESH_RECORDS_INDEX_RUN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/records/index_file.h"
#include "mesh/records/index_run_format.h"

namespace psm {

// False ends a visit.
using IndexVisitor = absl::FunctionRef<bool(const IndexEntry& entry)>;

// Thread-safe. Keeps 24 bytes in memory for every 170 blocks, which hold about
// 13,000 entries. Errors: DATA_LOSS where the file is not as it was written, or
// the operating system's.
class IndexRun {
 public:
  // A run of the log `log_id` over the records from `from` up to `to`; anything
  // else is DATA_LOSS, and so is a file of another length. Checks the header
  // and the fences; the data are checked as they are read.
  static absl::StatusOr<std::shared_ptr<const IndexRun>> Open(
      const std::string& name, const std::string& log_id, std::uint64_t from,
      std::uint64_t to);

  const IndexRunHeader& header() const { return header_; }

  // Visits the entries of `key` below log index `before`, the highest first;
  // false when the visitor ended it.
  absl::StatusOr<bool> Visit(const IndexKey& key, std::uint64_t before,
                             IndexVisitor visit) const;

 private:
  friend class IndexRunCursor;

  IndexRun(std::unique_ptr<IndexFile> file, IndexRunHeader header)
      : file_(std::move(file)), header_(std::move(header)) {}

  absl::Status LoadTops();
  // False: the key is not in the run.
  absl::StatusOr<bool> MayHold(const IndexKey& key) const;
  // The block at `offset`, its items counted.
  absl::StatusOr<std::string> ReadBlock(std::uint64_t offset,
                                        std::size_t item_bytes,
                                        std::size_t& count) const;

  const std::unique_ptr<IndexFile> file_;
  const IndexRunHeader header_;
  std::vector<IndexPlace> tops_;  // the first fence of each block of fences
};

// Reads a run from its first entry to its last. Used by one thread.
class IndexRunCursor {
 public:
  // `run` must outlive it.
  explicit IndexRunCursor(const IndexRun& run) : run_(&run) {}

  // The next entry; false behind the last. Errors as IndexRun.
  absl::StatusOr<bool> Next(IndexEntry& entry);

 private:
  const IndexRun* run_;
  std::uint64_t next_block_ = 0;
  std::string bytes_;       // blocks read and not yet begun
  std::size_t at_ = 0;      // of the block in hand, in bytes_
  std::size_t item_ = 0;    // next in it
  std::size_t count_ = 0;   // items in it
  std::uint64_t seen_ = 0;  // entries
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_RUN_H_
