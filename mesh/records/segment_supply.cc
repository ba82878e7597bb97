#include "mesh/records/segment_supply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// More than this many emptied segments are not worth keeping.
constexpr std::size_t kMaxRecyclable = 2;

// With less than this left of the quota a segment is not worth beginning.
constexpr std::uint64_t kMinRoomBytes = 4096;

// Read, and made zeros, at a time.
constexpr std::uint64_t kBlankBytes = std::uint64_t{256} << 10;

void LogChoreFailure(const char* chore, std::uint64_t number,
                     const absl::Status& status) {
  LogWarning("records_chore_failed",
             {{"chore", chore},
              {"segment", std::to_string(number)},
              {"error", std::string(status.message())}});
}

}  // namespace

SegmentSupply::SegmentSupply(SegmentFolder& folder, SpaceQuota& quota,
                             std::uint64_t segment_bytes,
                             std::uint64_t next_number,
                             const std::vector<SegmentEntry>& unused,
                             absl::Duration retry_interval)
    : folder_(folder),
      quota_(quota),
      segment_bytes_(segment_bytes),
      retry_interval_(retry_interval),
      next_number_(next_number) {
  {
    MutexLock lock(mu_);
    for (const SegmentEntry& segment : unused) Sort(segment);
  }
  thread_ = std::thread([this] { Run(); });
}

SegmentSupply::~SegmentSupply() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  work_.NotifyOne();
  thread_.join();
}

absl::StatusOr<SpareSegment> SegmentSupply::Take() {
  MutexLock lock(mu_);
  while (!spare_.has_value() && failure_.ok()) changed_.Wait(mu_);
  if (!spare_.has_value()) return failure_;
  SpareSegment spare = *std::move(spare_);
  spare_.reset();
  work_.NotifyOne();
  return spare;
}

bool SegmentSupply::HasSpare() {
  MutexLock lock(mu_);
  return spare_.has_value();
}

bool SegmentSupply::AwaitSpare() {
  MutexLock lock(mu_);
  while (!spare_.has_value() && failure_.ok()) changed_.Wait(mu_);
  return spare_.has_value();
}

void SegmentSupply::Sort(SegmentEntry unused) {
  if (unused.bytes == segment_bytes_ &&
      recyclable_.size() + blanks_.size() < kMaxRecyclable) {
    blanks_.push_back(unused.number);
  } else {
    removals_.push_back(unused.number);
  }
}

void SegmentSupply::Recycle(SegmentEntry segment) {
  MutexLock lock(mu_);
  Sort(segment);
  work_.NotifyOne();
}

void SegmentSupply::Remove(std::uint64_t number) {
  MutexLock lock(mu_);
  removals_.push_back(number);
  work_.NotifyOne();
}

void SegmentSupply::Trim(std::uint64_t number, std::uint64_t end) {
  MutexLock lock(mu_);
  trims_.push_back({number, end});
  work_.NotifyOne();
}

void SegmentSupply::Run() {
  while (true) {
    std::vector<std::uint64_t> removals;
    std::vector<SegmentEntry> trims;
    std::vector<std::uint64_t> blanks;
    std::uint64_t number = 0;
    std::optional<std::uint64_t> recycled;
    {
      MutexLock lock(mu_);
      // After a failure a pause, cut short by chores only.
      bool rested = failure_.ok();
      while (!stopping_ && removals_.empty() && trims_.empty() &&
             blanks_.empty() && (spare_.has_value() || !rested)) {
        if (spare_.has_value()) {
          work_.Wait(mu_);
        } else {
          rested =
              !work_.WaitFor(mu_, absl::ToChronoNanoseconds(retry_interval_));
        }
      }
      if (stopping_) return;
      removals.swap(removals_);
      trims.swap(trims_);
      blanks.swap(blanks_);
      // Chores first: they may give back the space that is missing.
      if (removals.empty() && trims.empty() && blanks.empty()) {
        number = next_number_++;
        if (!recyclable_.empty()) {
          recycled = recyclable_.front();
          recyclable_.pop_front();
        }
      }
    }
    for (std::uint64_t removal : removals) {
      absl::Status status = folder_.Remove(removal);
      if (!status.ok()) LogChoreFailure("remove", removal, status);
    }
    for (const SegmentEntry& trim : trims) TrimNow(trim);
    for (std::uint64_t blank : blanks) {
      absl::Status status = Blank(blank);
      if (!status.ok()) LogChoreFailure("blank", blank, status);
      MutexLock lock(mu_);
      if (status.ok()) {
        recyclable_.push_back(blank);
      } else {
        removals_.push_back(blank);
      }
    }
    if (number == 0) continue;

    absl::StatusOr<SpareSegment> made = Make(number, recycled);
    MutexLock lock(mu_);
    if (made.ok() != failure_.ok()) {
      if (made.ok()) {
        LogInfo("records_spare_made_again");
      } else {
        LogWarning("records_spare_failed",
                   {{"error", std::string(made.status().message())}});
      }
    }
    failure_ = made.status();
    if (made.ok()) spare_ = *std::move(made);
    changed_.NotifyAll();
  }
}

absl::StatusOr<SpareSegment> SegmentSupply::Make(
    std::uint64_t number, std::optional<std::uint64_t> recycled) {
  SpareSegment spare;
  spare.number = number;
  spare.bytes = segment_bytes_;
  PSM_RETURN_IF_ERROR(quota_.Admit(kMinRoomBytes));
  if (recycled.has_value()) {
    absl::Status status = folder_.Rename(*recycled, number);
    if (status.ok()) {
      PSM_ASSIGN_OR_RETURN(spare.file, folder_.Open(number));
      return spare;
    }
    LogChoreFailure("recycle", *recycled, status);
    return status;
  }
  PSM_ASSIGN_OR_RETURN(spare.file, folder_.Create(number, segment_bytes_));
  return spare;
}

// What is recycled may hold records that the log has elsewhere, or never had:
// a spare may wait for years, and nobody would expunge them there. Most of it
// is zeros already.
absl::Status SegmentSupply::Blank(std::uint64_t number) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SegmentFile> file, folder_.Open(number));
  bool blank = true;
  for (std::uint64_t at = 0; at < segment_bytes_; at += kBlankBytes) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(kBlankBytes, segment_bytes_ - at));
    PSM_ASSIGN_OR_RETURN(std::string part, file->Read(at, size));
    if (part.find_first_not_of('\0') == std::string::npos) continue;
    blank = false;
    part.assign(part.size(), '\0');
    PSM_RETURN_IF_ERROR(file->Write(at, part));
  }
  return blank ? absl::OkStatus() : file->Sync();
}

void SegmentSupply::TrimNow(SegmentEntry segment) {
  absl::StatusOr<std::unique_ptr<SegmentFile>> file =
      folder_.Open(segment.number);
  if (absl::IsNotFound(file.status())) return;  // expunged since
  absl::Status status = file.status();
  if (status.ok()) status = (*file)->Truncate(segment.bytes);
  if (!status.ok()) LogChoreFailure("trim", segment.number, status);
}

}  // namespace psm
