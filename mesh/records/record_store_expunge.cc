// The half of RecordStore that expunges. The order on which "a missing record
// is evidence, or was recorded as gone" rests:
//
//  1. The segment that is written is left, once its first record is old enough:
//     from then on nothing is added to it.
//  2. Of segments that were left, the oldest ones of which every record is old
//     enough are recorded as expunged. The record is durable, under a signed
//     head, in a segment that stays; their leaves are published.
//  3. The index finds none of them any more; their files are removed, oldest
//     first.
//
// A crash before the end of 2 leaves everything there, and the next call begins
// anew. After that a start knows the record, and the next call goes on with 3.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/record_store.h"

namespace psm {
namespace {

// How often the time is looked at: the wall clock may jump.
constexpr absl::Duration kTick = absl::Seconds(1);

// After a failure, the first time that leaves are published above all.
constexpr absl::Duration kRetry = absl::Seconds(5);

// As in ReadFrames: the writer moves on while the folder is looked at.
constexpr int kLooks = 5;

}  // namespace

absl::StatusOr<std::uint64_t> RecordStore::Expunge() {
  MutexLock lock(expunging_mu_);
  const absl::Time now = clock_.Now();
  const absl::Time before = now - options_.retention;
  PSM_RETURN_IF_ERROR(LeaveOldSegment(now));
  PSM_ASSIGN_OR_RETURN(LogChain chain, Look());
  absl::StatusOr<std::uint64_t> end = FindOldEnough(*folder_, chain, before);
  PSM_RETURN_IF_ERROR(end.status());
  if (*end > expunged_) {
    PSM_RETURN_IF_ERROR(
        RecordExpunging({0, chain.first_index(), *end, before, now}));
  }
  return RemoveExpunged(chain);
}

absl::StatusOr<LogChain> RecordStore::Look() {
  absl::StatusOr<LogChain> chain;
  for (int i = 0; i < kLooks; ++i) {
    chain = FindChain(*folder_);
    if (chain.ok()) break;
  }
  return chain;
}

absl::Status RecordStore::LeaveOldSegment(absl::Time now) {
  PSM_ASSIGN_OR_RETURN(LogChain chain, Look());
  if (chain.segments.empty()) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(const absl::Time first,
                       FirstRecorded(*folder_, chain.segments.back()));
  if (first > now - std::min(options_.segment_life, options_.retention / 2)) {
    return absl::OkStatus();
  }
  if (!supply_->AwaitSpare()) return absl::OkStatus();  // the disk is full
  MutexLock lock(mu_);
  leave_ = Leave::kWanted;
  work_.NotifyOne();
  while (leave_ != Leave::kNo) left_.Wait(mu_);
  return absl::OkStatus();
}

absl::Status RecordStore::RecordExpunging(const Expunging& due) {
  if (publisher_ != nullptr && publisher_->published() < due.end) {
    return MakeError(absl::StatusCode::kUnavailable, "LOG_NOT_PUBLISHED",
                     Party::kGateway,
                     "records are old enough to be expunged, and their leaves "
                     "are not published yet");
  }
  PSM_RETURN_IF_ERROR(AppendAndAwait(*this, ExpungingRecord(due)).status());
  expunged_ = due.end;
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> RecordStore::RemoveExpunged(
    const LogChain& chain) {
  std::uint64_t end = chain.first_index();
  index_.Expunge(expunged_);
  for (std::size_t i = 0; i + 1 < chain.segments.size(); ++i) {
    const std::uint64_t next = chain.segments[i + 1].header.first_index;
    if (next > expunged_) break;
    PSM_RETURN_IF_ERROR(folder_->Remove(chain.segments[i].header.number));
    quota_.GiveBack(chain.segments[i].end.value_or(0));
    end = next;
  }
  const std::uint64_t gone = end - chain.first_index();
  if (gone > 0) {
    LogInfo("records_expunged",
            {{"records", std::to_string(gone)}, {"end", std::to_string(end)}});
  }
  return gone;
}

void RecordStore::ExpungeInTime() {
  absl::Time last = absl::InfinitePast();
  bool failing = false;
  while (true) {
    {
      MutexLock lock(expunger_mu_);
      if (!expunger_stopping_) {
        expunger_stop_.WaitFor(expunger_mu_, absl::ToChronoNanoseconds(kTick));
      }
      if (expunger_stopping_) return;
    }
    const absl::Time now = clock_.Now();
    const bool failed_lately = failing && now < last + kRetry;
    if (now >= last && now < last + options_.expunge_interval &&
        (!failing || failed_lately)) {
      continue;
    }
    last = now;
    const absl::Status status = Expunge().status();
    if (status.ok() == failing) {
      if (failing) {
        LogInfo("records_expunged_again");
      } else {
        LogWarning("records_not_expunged",
                   {{"error", std::string(status.message())}});
      }
    }
    failing = !status.ok();
  }
}

}  // namespace psm
