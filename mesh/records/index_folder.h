// The runs of an index as files of one folder: which of them count, and how
// many become one.
#ifndef PSM_MESH_RECORDS_INDEX_FOLDER_H_
#define PSM_MESH_RECORDS_INDEX_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/records/index_part.h"
#include "mesh/records/index_run.h"

namespace psm {

// Runs that follow one another, oldest first, from the first record that is to
// be found, or one that was expunged.
using IndexRuns = std::vector<std::shared_ptr<const IndexRun>>;

inline std::uint64_t EndOf(const IndexRuns& runs) {
  return runs.empty() ? 0 : runs.back()->header().to;
}

// Used by one thread at a time; runs once opened may be read by any. Errors
// are the operating system's, and DATA_LOSS where a run is not as it was
// written.
class IndexFolder {
 public:
  explicit IndexFolder(std::string path) : path_(std::move(path)) {}

  // The runs of the log `log_id`, of which the records from `begin` on, below
  // `most`, may be in an index. A missing folder has none. Removes what an
  // interrupted Write or Merge left, and runs below `begin`. DATA_LOSS where a
  // run is damaged, of another log, beyond `most`, or missing between others.
  absl::StatusOr<IndexRuns> Load(const std::string& log_id, std::uint64_t begin,
                                 std::uint64_t most);

  // Makes a part a run; makes the folder (0700) where it is missing.
  absl::StatusOr<std::shared_ptr<const IndexRun>> Write(
      const std::string& log_id, const IndexPart& part);

  // Makes one run of `runs`, which follow one another and of which the first
  // reaches beyond `begin`, without records below `begin` and without exchanges
  // asked for at or before `forget`. Asks `go_on` every few milliseconds, which
  // may Write; CANCELLED when it says no. The files of `runs` are still there.
  absl::StatusOr<std::shared_ptr<const IndexRun>> Merge(
      const std::string& log_id, const IndexRuns& runs, std::uint64_t begin,
      absl::Time forget, absl::FunctionRef<bool()> go_on);

  // Removes the files of runs, or of all there are; what is open stays
  // readable.
  absl::Status Remove(const IndexRuns& runs);
  absl::Status RemoveAll();

  // How many of the last runs are to become one: four or more of one size
  // class and all behind them; 0 where there are none. The classes go by four,
  // the lowest holds all of fewer than four times `unit` records. So there are
  // at most three runs of a class, and a record is rewritten once a class.
  static std::size_t CountDue(const IndexRuns& runs, std::uint64_t unit);

 private:
  std::string FileOf(std::uint64_t from, std::uint64_t to) const;
  absl::StatusOr<std::shared_ptr<const IndexRun>> Publish(
      const std::string& unfinished, const std::string& log_id,
      std::uint64_t from, std::uint64_t to);

  const std::string path_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_FOLDER_H_
