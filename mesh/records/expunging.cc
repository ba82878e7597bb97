// Why the last record of kind EXPUNGED is always found: the commit thread notes
// it when it is durable, before it begins a further segment, and every header
// says what was noted. So it is in the last segment, or that one's header names
// it. It is never expunged itself but under a later one.
#include "mesh/records/expunging.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "mesh/base/error.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "mesh/base/task.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

using records::v1::Record;

// Such a record has no exchange id, so it begins with its kind: the field's key
// (number 2, a varint) and the value.
bool MayExpunge(absl::string_view record) {
  return record.size() >= 2 && record[0] == 0x10 &&
         record[1] == static_cast<char>(Record::EXPUNGED);
}

// A queue of work that one thread runs while it waits.
class WaitingExecutor : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> work) override {
    MutexLock lock(mu_);
    work_ = std::move(work);
    posted_.NotifyOne();
  }
  // The one piece of work that is ever posted here.
  void RunOne() {
    absl::AnyInvocable<void()> work;
    {
      MutexLock lock(mu_);
      while (!work_) posted_.Wait(mu_);
      work = std::move(work_);
    }
    work();
  }

 private:
  Mutex mu_;
  CondVar posted_;
  absl::AnyInvocable<void()> work_ PSM_GUARDED_BY(mu_);
};

Detached Await(Completion<absl::StatusOr<Recorded>>& done,
               absl::StatusOr<std::uint64_t>& index) {
  absl::StatusOr<Recorded> recorded = co_await done;
  if (recorded.ok()) {
    index = recorded->index;
  } else {
    index = recorded.status();
  }
}

// The times at which the records of a segment were recorded, until `visit`
// returns false.
absl::Status VisitTimes(SegmentFolder& folder, const ChainSegment& segment,
                        absl::FunctionRef<bool(absl::Time)> visit) {
  Record record;
  const auto look = [&](const FrameView& frame, std::uint64_t) -> absl::Status {
    if (frame.header.kind == FrameKind::kHead) return absl::OkStatus();
    const auto items = SplitPayload(frame.payload, frame.header.record_count);
    if (!items.has_value())
      return RecordsDamaged("a frame is malformed: restore the folder",
                            segment.header.number, 0, frame.header.first_index);
    for (const PayloadItem& item : *items) {
      // One that does not say when it was recorded stays.
      absl::Time time = absl::InfiniteFuture();
      if (record.ParseFromArray(item.record.data(),
                                static_cast<int>(item.record.size())) &&
          record.has_record_time()) {
        time = FromTimestamp(record.record_time());
      }
      if (!visit(time)) return Enough();
    }
    return absl::OkStatus();
  };
  const absl::Status status =
      ScanSegment(folder, segment, /*still_written=*/true, look).status();
  return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

}  // namespace

std::optional<Expunging> ExpungingOf(std::uint64_t index,
                                     const Record& record) {
  if (record.kind() != Record::EXPUNGED) return std::nullopt;
  return Expunging{index, record.expunged_begin(), record.expunged_end(),
                   FromTimestamp(record.expunged_before()),
                   FromTimestamp(record.record_time())};
}

Record ExpungingRecord(const Expunging& expunging) {
  Record record;
  record.set_kind(Record::EXPUNGED);
  SetTimestamp(expunging.time, record.mutable_ask_time());
  SetTimestamp(expunging.time, record.mutable_record_time());
  record.set_expunged_begin(expunging.begin);
  record.set_expunged_end(expunging.end);
  SetTimestamp(expunging.before, record.mutable_expunged_before());
  return record;
}

std::optional<Expunging> ExpungingIn(const FrameView& frame) {
  std::optional<Expunging> last;
  if (frame.header.kind == FrameKind::kHead) return last;
  const auto items = SplitPayload(frame.payload, frame.header.record_count);
  if (!items.has_value()) return last;
  std::uint64_t index = frame.header.first_index;
  for (const PayloadItem& item : *items) {
    Record record;
    if (MayExpunge(item.record) &&
        record.ParseFromArray(item.record.data(),
                              static_cast<int>(item.record.size()))) {
      last = ExpungingOf(index, record);
    }
    ++index;
  }
  return last;
}

absl::StatusOr<std::optional<Expunging>> LastExpunging(
    SegmentFolder& folder, const LogChain& chain,
    const std::optional<Expunging>& in_last) {
  if (in_last.has_value() || chain.segments.empty()) return in_last;
  const SegmentHeader& last = chain.segments.back().header;
  if (last.expunging == 0) return std::nullopt;
  std::optional<Expunging> found;
  for (auto segment = chain.segments.rbegin();
       segment != chain.segments.rend() && !found.has_value(); ++segment) {
    if (segment->header.first_index > last.expunging) continue;
    const auto look = [&](const FrameView& frame, std::uint64_t) {
      const std::uint64_t end =
          frame.header.first_index + frame.header.record_count;
      if (end <= last.expunging) return absl::OkStatus();
      found = ExpungingIn(frame);
      return Enough();
    };
    const absl::Status status =
        ScanSegment(folder, *segment, /*still_written=*/true, look).status();
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    break;
  }
  if (!found.has_value()) {
    return RecordsDamaged(
        "the record that says what was expunged is missing: restore the folder",
        last.number, 0, last.expunging);
  }
  return found;
}

absl::Status CheckBeginning(const LogChain& chain,
                            const std::optional<Expunging>& last) {
  const std::uint64_t first = chain.first_index();
  if (chain.missing == 0 && first == 0) return absl::OkStatus();
  if (last.has_value() && last->end >= first) return absl::OkStatus();
  return RecordsDamaged("a segment is missing: restore the folder",
                        chain.missing, 0, last.has_value() ? last->end : 0);
}

absl::Status CheckBeginning(SegmentFolder& folder, const LogChain& chain) {
  if (chain.missing == 0 && chain.first_index() == 0) return absl::OkStatus();
  std::optional<Expunging> last;
  const auto look = [&last](const FrameView& frame, std::uint64_t) {
    if (std::optional<Expunging> found = ExpungingIn(frame)) last = found;
    return absl::OkStatus();
  };
  PSM_RETURN_IF_ERROR(ScanSegment(folder, chain.segments.back(),
                                  /*still_written=*/true, look)
                          .status());
  PSM_ASSIGN_OR_RETURN(last, LastExpunging(folder, chain, last));
  return CheckBeginning(chain, last);
}

absl::StatusOr<std::uint64_t> FindOldEnough(SegmentFolder& folder,
                                            const LogChain& chain,
                                            absl::Time before) {
  std::uint64_t end = chain.first_index();
  for (std::size_t i = 0; i + 1 < chain.segments.size(); ++i) {
    bool old = true;
    PSM_RETURN_IF_ERROR(
        VisitTimes(folder, chain.segments[i], [&](absl::Time time) {
          old = time < before;
          return old;
        }));
    if (!old) break;
    end = chain.segments[i + 1].header.first_index;
  }
  return end;
}

absl::StatusOr<absl::Time> FirstRecorded(SegmentFolder& folder,
                                         const ChainSegment& segment) {
  absl::Time first = absl::InfiniteFuture();
  PSM_RETURN_IF_ERROR(VisitTimes(folder, segment, [&](absl::Time time) {
    first = time;
    return false;
  }));
  return first;
}

absl::StatusOr<std::uint64_t> AppendAndAwait(RecordLog& log, Record record) {
  WaitingExecutor executor;
  Completion<absl::StatusOr<Recorded>> done;
  absl::StatusOr<std::uint64_t> index;
  Await(done, index);
  std::vector<Record> records;
  records.push_back(std::move(record));
  log.Append(std::move(records), executor, &done);
  executor.RunOne();
  return index;
}

}  // namespace psm
