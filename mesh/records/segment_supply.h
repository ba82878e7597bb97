// Makes segments before they are needed and tidies those that are not needed
// any more, on a thread of its own. Knows nothing of what is in them.
#ifndef PSM_MESH_RECORDS_SEGMENT_SUPPLY_H_
#define PSM_MESH_RECORDS_SEGMENT_SUPPLY_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/space_quota.h"

namespace psm {

// A segment for which no frame was ever written under its number.
struct SpareSegment {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::unique_ptr<SegmentFile> file;
};

// Thread-safe. `folder` and `quota` must outlive it.
class SegmentSupply {
 public:
  // Numbers go up from `next_number`. `unused` are segments to begin with, as
  // for Recycle. A spare that cannot be made is tried again every
  // `retry_interval`.
  SegmentSupply(SegmentFolder& folder, SpaceQuota& quota,
                std::uint64_t segment_bytes, std::uint64_t next_number,
                const std::vector<SegmentEntry>& unused,
                absl::Duration retry_interval);
  // Waits for the step in hand. The spare stays in the folder.
  ~SegmentSupply();
  SegmentSupply(const SegmentSupply&) = delete;
  SegmentSupply& operator=(const SegmentSupply&) = delete;

  // The spare; waits while one is being made. The error of the last attempt
  // where that failed.
  absl::StatusOr<SpareSegment> Take();
  // Whether Take has one at once; the second waits while one is being made.
  bool HasSpare();
  bool AwaitSpare();

  // Chores, done later, failures logged. Recycle: a segment that is no part of
  // the log becomes a spare under a new number, all zeros like a new one, or is
  // removed. Trim: what lies behind `end` is given back.
  void Recycle(SegmentEntry segment);
  void Remove(std::uint64_t number);
  void Trim(std::uint64_t number, std::uint64_t end);

 private:
  void Run();
  void Sort(SegmentEntry unused) PSM_REQUIRES(mu_);
  absl::StatusOr<SpareSegment> Make(std::uint64_t number,
                                    std::optional<std::uint64_t> recycled);
  absl::Status Blank(std::uint64_t number);
  void TrimNow(SegmentEntry segment);

  SegmentFolder& folder_;
  SpaceQuota& quota_;
  const std::uint64_t segment_bytes_;
  const absl::Duration retry_interval_;

  Mutex mu_;
  CondVar work_;     // for the thread
  CondVar changed_;  // for Take
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::uint64_t next_number_ PSM_GUARDED_BY(mu_);
  std::optional<SpareSegment> spare_ PSM_GUARDED_BY(mu_);
  absl::Status failure_ PSM_GUARDED_BY(mu_);  // of the last attempt
  std::vector<std::uint64_t> blanks_ PSM_GUARDED_BY(mu_);
  std::deque<std::uint64_t> recyclable_ PSM_GUARDED_BY(mu_);  // all zeros
  std::vector<std::uint64_t> removals_ PSM_GUARDED_BY(mu_);
  std::vector<SegmentEntry> trims_ PSM_GUARDED_BY(mu_);
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_SEGMENT_SUPPLY_H_
