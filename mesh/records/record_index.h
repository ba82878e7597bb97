// Where each record of the log lies, and which concern a subject, a corporation
// or an exchange: runs on the disk, built behind the log, and the youngest part
// in memory. Can always be made anew from the log.
#ifndef PSM_MESH_RECORDS_RECORD_INDEX_H_
#define PSM_MESH_RECORDS_RECORD_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/mutex.h"
#include "mesh/records/index_entry.h"
#include "mesh/records/index_folder.h"
#include "mesh/records/index_part.h"
#include "mesh/records/segment_folder.h"

namespace psm {

struct RecordIndexOptions {
  // Made where it does not exist. Empty: no index is kept, and what would be
  // looked up in it is UNAVAILABLE.
  std::string folder;

  // How many records are gathered in memory before they become a run. A start
  // after a crash reads about as many from the log.
  std::uint64_t part_records = 8192;

  // How many such parts may wait for the disk (about 2 MiB each).
  std::size_t max_parts = 16;

  // After a failure nothing is tried for this long.
  absl::Duration retry_interval = absl::Milliseconds(250);
};

// Thread-safe; one thread of its own writes and merges runs. `log` and `clock`
// must outlive it.
//
// Where runs cannot be written as fast as records come, or not at all, up to
// max_parts parts wait in memory. With those full and the disk failing, further
// records are not held: the index has fallen behind, every query is refused,
// and appends go on. It reads what it lacks from the log as soon as it can.
class RecordIndex {
 public:
  // How long an exchange is found by its id (design: ids are kept 24 h).
  static constexpr absl::Duration kExchangeLife = absl::Hours(24);

  RecordIndex(const RecordIndexOptions& options, SegmentFolder& log,
              const Clock& clock)
      : options_(options), log_(log), clock_(clock), folder_(options.folder) {}
  // Leaves the youngest part to the next start.
  ~RecordIndex();
  RecordIndex(const RecordIndex&) = delete;
  RecordIndex& operator=(const RecordIndex&) = delete;

  // Takes up the runs in the folder, of the log `log_id` with `size` records
  // that will stay where they are and of which those below `begin` were
  // expunged, and reads from the log what they lack. Runs
  // that are damaged, of another log or of more records than this one are
  // removed, and all is read. Returns when every record is found, or, where the
  // folder cannot be written and memory does not suffice, at once. Errors: the
  // log's, as VisitCommits. Call once, before anything else.
  absl::Status Start(const std::string& log_id, std::uint64_t begin,
                     std::uint64_t size);

  // Waits while as many parts wait for the disk as may, unless the disk fails.
  // For the one who calls Add, beforehand.
  void AwaitRoom();

  // Adds one commit, which follows those already there, in one step: a reader
  // sees all of it or nothing. Does not wait. What is added may be taken up
  // into a run once a further commit has been added: the last one of a log may
  // be carried elsewhere at the next start.
  void Add(const std::vector<IndexedFrame>& frames);

  // Finds no record below `begin` any more, where the log has a commit begin
  // that is whole. Later the runs are rid of them: those without any other at
  // once, one with others when a share of an eighth, or kKeepExpunged, is
  // reached. Does not wait.
  static constexpr absl::Duration kKeepExpunged = absl::Hours(30 * 24);
  void Expunge(std::uint64_t begin);

  std::uint64_t begin() const;    // of the first record that is not expunged
  std::uint64_t size() const;     // records added
  std::uint64_t on_disk() const;  // of these, those in runs

  struct Selection {
    absl::string_view subject;      // or
    absl::string_view corporation;  // or, both empty, every record
    absl::Time start_time;          // inclusive, by ask_time
    absl::Time end_time;            // exclusive
    std::uint64_t before = 0;       // only indexes below this
    std::size_t limit = 0;
  };

  // All three: UNAVAILABLE, reason RECORDS_UNAVAILABLE, while the index is
  // behind the log, is being made anew, or cannot be read. A run found damaged
  // begins that.

  // The highest indexes first.
  absl::StatusOr<std::vector<RecordPosition>> Select(
      const Selection& selection);

  // Those of one exchange asked for at or after `since`, and within
  // kExchangeLife, lowest index first.
  absl::StatusOr<std::vector<RecordPosition>> FindExchange(
      absl::string_view consumer, absl::string_view exchange_id,
      absl::Time since);

  // Where one record lies. OUT_OF_RANGE for an index that the log does not
  // have, NOT_FOUND for one that was expunged.
  absl::StatusOr<RecordPosition> Locate(std::uint64_t index);

  // Says that what the index named is not what lies there: it is removed and
  // made anew from the log.
  void Discard(absl::string_view why);

 private:
  // Visits the entries of `key` below `before`, the highest first, as they are
  // at one moment.
  absl::Status Visit(const IndexKey& key, std::uint64_t before,
                     IndexVisitor visit);
  absl::Status LoadRuns(std::uint64_t begin, std::uint64_t size);
  absl::Status CheckPlaces(const IndexRuns& runs);
  absl::Status ReadLastFrame(const IndexRun& run);
  std::unique_ptr<IndexPart> NewPart(std::uint64_t from) const;
  void Hold(const std::vector<IndexedFrame>& frames) PSM_REQUIRES(mu_);
  void Forget(absl::string_view why) PSM_REQUIRES(mu_);
  bool behind() const PSM_REQUIRES(mu_) { return held_ < size_; }
  bool full() const PSM_REQUIRES(mu_) {
    return parts_.size() >= options_.max_parts;
  }

  // The thread.
  enum class Work { kRemove, kCatchUp, kWrite, kExpunge, kMerge };
  void Run();
  bool HasWork(Work& work) const PSM_REQUIRES(mu_);
  std::size_t CatchUpParts() const PSM_REQUIRES(mu_);
  absl::Status Do(Work work);
  absl::Status RemoveOld();
  absl::Status CatchUp();
  absl::Status WritePart();
  bool MayExpunge() const PSM_REQUIRES(mu_);
  absl::Status ExpungeRun();
  absl::Status MergeRuns();
  // Makes one run of `merged`, which stand in runs_ from `first` on, without
  // records below `begin`.
  absl::Status ReplaceRuns(const IndexRuns& merged, std::size_t first,
                           std::uint64_t begin, std::uint64_t life);
  void Note(Work work, const absl::Status& status) PSM_REQUIRES(mu_);
  absl::Time Oldest() const { return clock_.Now() - kExchangeLife; }

  const RecordIndexOptions options_;
  SegmentFolder& log_;
  const Clock& clock_;
  std::string log_id_;  // constant after Start
  IndexFolder folder_;  // used by Start, then by the thread

  mutable Mutex mu_;
  CondVar work_;                                 // for the thread
  CondVar changed_;                              // for Start and AwaitRoom
  std::uint64_t begin_ PSM_GUARDED_BY(mu_) = 0;  // of what is found
  std::uint64_t size_ PSM_GUARDED_BY(mu_) = 0;   // records that there are
  std::uint64_t held_ PSM_GUARDED_BY(mu_) = 0;   // of these, those here end
  absl::Duration expunged_ PSM_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  IndexRuns runs_ PSM_GUARDED_BY(mu_);
  // Parts that wait to become runs, oldest first, and the one that grows.
  std::deque<std::shared_ptr<const IndexPart>> parts_ PSM_GUARDED_BY(mu_);
  std::unique_ptr<IndexPart> young_ PSM_GUARDED_BY(mu_);
  // Counts how often all was forgotten: what was begun before is void.
  std::uint64_t life_ PSM_GUARDED_BY(mu_) = 0;
  bool remove_ PSM_GUARDED_BY(mu_) = false;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  absl::Status log_failure_ PSM_GUARDED_BY(mu_);   // of the last CatchUp
  absl::Status disk_failure_ PSM_GUARDED_BY(mu_);  // of the last other work
  std::thread thread_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_INDEX_H_
