// What the thread of the index does, one thing at a time: the more urgent
// first.
#include <algorithm>
#include <utility>

#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/log_commits.h"
#include "mesh/records/log_scan.h"
#include "mesh/records/record_index.h"

namespace psm {
namespace {

// While it catches up with the log and can write, the index keeps less of it in
// memory than max_parts.
constexpr std::size_t kCatchUpParts = 2;

// A run of which one record in so many was expunged is made anew.
constexpr std::uint64_t kExpungedShare = 8;

}  // namespace

std::size_t RecordIndex::CatchUpParts() const {
  return disk_failure_.ok() ? std::min(kCatchUpParts, options_.max_parts)
                            : options_.max_parts;
}

void RecordIndex::Run() {
  while (true) {
    Work work = Work::kWrite;
    {
      MutexLock lock(mu_);
      // After a failure a pause.
      bool rested = disk_failure_.ok() && log_failure_.ok();
      while (!stopping_ && (!rested || !HasWork(work))) {
        if (rested) {
          work_.Wait(mu_);
        } else {
          rested = !work_.WaitFor(
              mu_, absl::ToChronoNanoseconds(options_.retry_interval));
        }
      }
      if (stopping_) return;
    }
    const absl::Status status = Do(work);
    MutexLock lock(mu_);
    Note(work, status);
    changed_.NotifyAll();
  }
}

bool RecordIndex::HasWork(Work& work) const {
  if (remove_ && disk_failure_.ok()) {
    work = Work::kRemove;
  } else if (behind() && parts_.size() < CatchUpParts()) {
    work = Work::kCatchUp;
  } else if (remove_) {
    work = Work::kRemove;
  } else if (!parts_.empty()) {
    work = Work::kWrite;
  } else if (MayExpunge()) {
    work = Work::kExpunge;
  } else if (IndexFolder::CountDue(runs_, options_.part_records) > 0) {
    work = Work::kMerge;
  } else {
    return false;
  }
  return true;
}

absl::Status RecordIndex::Do(Work work) {
  switch (work) {
    case Work::kRemove:
      return RemoveOld();
    case Work::kCatchUp:
      return CatchUp();
    case Work::kWrite:
      return WritePart();
    case Work::kExpunge:
      return ExpungeRun();
    case Work::kMerge:
      return MergeRuns();
  }
  return absl::OkStatus();
}

void RecordIndex::Note(Work work, const absl::Status& status) {
  absl::Status& failure = work == Work::kCatchUp ? log_failure_ : disk_failure_;
  if (status.ok() != failure.ok()) {
    if (status.ok()) {
      LogInfo("records_index_works_again");
    } else {
      LogWarning("records_index_failed",
                 {{"error", std::string(status.message())}});
    }
  }
  failure = status;
  if (absl::IsDataLoss(status) &&
      (work == Work::kMerge || work == Work::kExpunge)) {
    Forget(status.message());
  }
}

absl::Status RecordIndex::RemoveOld() {
  PSM_RETURN_IF_ERROR(folder_.RemoveAll());
  MutexLock lock(mu_);
  remove_ = false;
  return absl::OkStatus();
}

absl::Status RecordIndex::CatchUp() {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t life = 0;
  {
    MutexLock lock(mu_);
    from = held_;
    to = size_;
    life = life_;
  }
  absl::Status status = VisitCommits(
      log_, from, to, [&](const std::vector<IndexedFrame>& frames) {
        MutexLock lock(mu_);
        if (stopping_ || life != life_ || parts_.size() >= CatchUpParts()) {
          return Enough();
        }
        Hold(frames);
        return absl::OkStatus();
      });
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

absl::Status RecordIndex::WritePart() {
  std::shared_ptr<const IndexPart> part;
  std::uint64_t life = 0;
  {
    MutexLock lock(mu_);
    if (parts_.empty() || remove_) return absl::OkStatus();
    part = parts_.front();
    life = life_;
  }
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const IndexRun> run,
                       folder_.Write(log_id_, *part));
  MutexLock lock(mu_);
  if (life != life_) return absl::OkStatus();  // its file goes with the others
  runs_.push_back(std::move(run));
  parts_.pop_front();
  changed_.NotifyAll();
  return absl::OkStatus();
}

bool RecordIndex::MayExpunge() const {
  if (runs_.empty()) return false;
  const IndexRunHeader& oldest = runs_.front()->header();
  if (oldest.from >= begin_) return false;
  return oldest.to <= begin_ ||
         (begin_ - oldest.from) * kExpungedShare >= oldest.to - oldest.from ||
         clock_.Monotonic() - expunged_ >= kKeepExpunged;
}

// Of the oldest run.
absl::Status RecordIndex::ExpungeRun() {
  IndexRuns oldest;
  std::uint64_t begin = 0;
  std::uint64_t life = 0;
  {
    MutexLock lock(mu_);
    if (!MayExpunge()) return absl::OkStatus();
    oldest.assign(runs_.begin(), runs_.begin() + 1);
    begin = begin_;
    life = life_;
    if (oldest.front()->header().to <= begin) {
      runs_.erase(runs_.begin());
      begin = 0;
    } else {
      expunged_ = clock_.Monotonic();
    }
  }
  return begin == 0 ? folder_.Remove(oldest)
                    : ReplaceRuns(oldest, 0, begin, life);
}

absl::Status RecordIndex::MergeRuns() {
  IndexRuns merged;
  std::size_t first = 0;
  std::uint64_t life = 0;
  {
    MutexLock lock(mu_);
    const std::size_t count =
        IndexFolder::CountDue(runs_, options_.part_records);
    first = runs_.size() - count;
    merged.assign(runs_.end() - static_cast<std::ptrdiff_t>(count),
                  runs_.end());
    life = life_;
  }
  if (merged.empty()) return absl::OkStatus();
  // None is left out here that was expunged: a crash might leave runs that
  // overlap without one lying in the other.
  return ReplaceRuns(merged, first, /*begin=*/0, life);
}

absl::Status RecordIndex::ReplaceRuns(const IndexRuns& merged,
                                      std::size_t first, std::uint64_t begin,
                                      std::uint64_t life) {
  auto go_on = [&] {
    // Parts do not wait for a merge, which may take seconds.
    const absl::Status written = WritePart();
    MutexLock lock(mu_);
    if (!written.ok()) Note(Work::kWrite, written);
    return written.ok() && !stopping_ && life == life_;
  };
  absl::StatusOr<std::shared_ptr<const IndexRun>> run =
      folder_.Merge(log_id_, merged, begin, Oldest(), go_on);
  if (absl::IsCancelled(run.status())) {
    MutexLock lock(mu_);
    return disk_failure_;
  }
  PSM_RETURN_IF_ERROR(run.status());
  {
    MutexLock lock(mu_);
    if (life != life_) return absl::OkStatus();
    const auto at = runs_.begin() + static_cast<std::ptrdiff_t>(first);
    runs_.erase(at, at + static_cast<std::ptrdiff_t>(merged.size()));
    runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(first),
                 *std::move(run));
  }
  return folder_.Remove(merged);
}

}  // namespace psm
