// Newest first means by place in the log. A record is appended within an
// exchange's time limit after it was asked for, so the order by ask_time
// differs from it only among exchanges that ran at the same time, where neither
// order says more than the other; and the place never changes, which pages need
// to stay stable.
//
// Everything from begin_ up to held_ is in runs_, parts_ and young_, in this
// order and without a gap; what is between held_ and size_ is in the log alone.
// Only the thread takes from parts_, and puts into runs_ in the same step, so a
// reader who looks at all three at one moment misses nothing.
//
// Nothing is answered from a part of the index: a list with a gap would tell a
// person that an agency did not ask.
#include "mesh/records/record_index.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

absl::Status Unavailable() {
  return MakeError(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                   Party::kGateway,
                   "the index of the records is behind: try later");
}

}  // namespace

RecordIndex::~RecordIndex() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    work_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status RecordIndex::Start(const std::string& log_id, std::uint64_t begin,
                                std::uint64_t size) {
  log_id_ = log_id;
  {
    MutexLock lock(mu_);
    begin_ = begin;
  }
  if (options_.folder.empty()) {
    MutexLock lock(mu_);
    size_ = size;
    return absl::OkStatus();
  }
  const absl::Status loaded = LoadRuns(begin, size);
  MutexLock lock(mu_);
  if (!loaded.ok()) Forget(loaded.message());
  size_ = size;
  held_ = std::max(EndOf(runs_), begin);
  young_ = NewPart(held_);
  thread_ = std::thread([this] { Run(); });
  while (behind() && log_failure_.ok() && (disk_failure_.ok() || !full())) {
    changed_.Wait(mu_);
  }
  return log_failure_;
}

absl::Status RecordIndex::LoadRuns(std::uint64_t begin, std::uint64_t size) {
  PSM_ASSIGN_OR_RETURN(IndexRuns runs, folder_.Load(log_id_, begin, size));
  PSM_RETURN_IF_ERROR(CheckPlaces(runs));
  MutexLock lock(mu_);
  runs_ = std::move(runs);
  return absl::OkStatus();
}

// An index may be of this log and yet of another course of it: one of the two
// came from a backup. So what a run says of its last record must be there.
absl::Status RecordIndex::CheckPlaces(const IndexRuns& runs) {
  for (const auto& run : runs) PSM_RETURN_IF_ERROR(ReadLastFrame(*run));
  return absl::OkStatus();
}

absl::Status RecordIndex::ReadLastFrame(const IndexRun& run) {
  std::optional<RecordPosition> last;
  PSM_RETURN_IF_ERROR(run.Visit(kPlaceKey, run.header().to,
                                [&](const IndexEntry& entry) {
                                  last = entry.position;
                                  return false;
                                })
                          .status());
  if (last.has_value()) {
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<SegmentFile> file,
                         log_.Open(last->segment));
    PSM_ASSIGN_OR_RETURN(std::string bytes,
                         file->Read(last->offset, last->frame_bytes));
    std::optional<FrameView> frame = DecodeFrame(bytes, last->segment);
    if (frame.has_value() &&
        frame->header.first_index + last->ordinal == last->index &&
        frame->header.first_index + frame->header.record_count ==
            run.header().to) {
      return absl::OkStatus();
    }
  }
  return absl::DataLossError("the index does not fit the log");
}

std::unique_ptr<IndexPart> RecordIndex::NewPart(std::uint64_t from) const {
  return std::make_unique<IndexPart>(from, options_.part_records);
}

void RecordIndex::AwaitRoom() {
  MutexLock lock(mu_);
  while (full() && disk_failure_.ok() && !stopping_) changed_.Wait(mu_);
}

void RecordIndex::Add(const std::vector<IndexedFrame>& frames) {
  MutexLock lock(mu_);
  const bool was_behind = behind();
  if (!options_.folder.empty() && !was_behind) Hold(frames);
  for (const IndexedFrame& frame : frames) size_ += frame.keys.size();
  if (!behind() || options_.folder.empty()) return;
  if (!was_behind) {
    LogWarning("records_index_behind",
               {{"index", std::to_string(held_)},
                {"error", std::string(disk_failure_.message())}});
  }
  work_.NotifyOne();
}

void RecordIndex::Hold(const std::vector<IndexedFrame>& frames) {
  // Here and not after: only now is there a further commit.
  if (young_->to() - young_->from() >= options_.part_records) {
    if (full()) return;
    const std::uint64_t from = young_->to();
    parts_.push_back(std::move(young_));
    young_ = NewPart(from);
    work_.NotifyOne();
  }
  const absl::Time forget = Oldest();
  for (const IndexedFrame& frame : frames) young_->Add(frame, forget);
  held_ = young_->to();
}

void RecordIndex::Expunge(std::uint64_t begin) {
  MutexLock lock(mu_);
  if (begin <= begin_) return;
  begin_ = begin;
  // Below it there is nothing to be caught up with.
  if (!options_.folder.empty() && held_ < begin) {
    parts_.clear();
    runs_.clear();
    ++life_;
    remove_ = true;
    held_ = begin;
    young_ = NewPart(held_);
  }
  work_.NotifyOne();
}

std::uint64_t RecordIndex::begin() const {
  MutexLock lock(mu_);
  return begin_;
}

std::uint64_t RecordIndex::size() const {
  MutexLock lock(mu_);
  return size_;
}

std::uint64_t RecordIndex::on_disk() const {
  MutexLock lock(mu_);
  return EndOf(runs_);
}

absl::Status RecordIndex::Visit(const IndexKey& key, std::uint64_t before,
                                IndexVisitor visit) {
  std::vector<std::shared_ptr<const IndexPart>> parts;
  IndexRuns runs;
  std::uint64_t life = 0;
  std::uint64_t begin = 0;
  const auto kept = [&](const IndexEntry& entry) {
    return entry.position.index >= begin && visit(entry);
  };
  {
    MutexLock lock(mu_);
    begin = begin_;
    if (behind() || options_.folder.empty()) return Unavailable();
    if (!young_->Visit(key, before, kept)) return absl::OkStatus();
    parts.assign(parts_.begin(), parts_.end());
    runs = runs_;
    life = life_;
  }
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!(*part)->Visit(key, before, kept)) return absl::OkStatus();
  }
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    absl::StatusOr<bool> more = (*run)->Visit(key, before, kept);
    if (!more.ok()) {
      MutexLock lock(mu_);
      if (life == life_) Forget(more.status().message());
      return Unavailable();
    }
    if (!*more) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RecordPosition>> RecordIndex::Select(
    const Selection& selection) {
  std::vector<RecordPosition> found;
  if (selection.limit == 0) return found;
  const bool every = selection.subject.empty() && selection.corporation.empty();
  IndexKey key = kPlaceKey;
  if (!selection.subject.empty()) key = SubjectKey(selection.subject);
  if (!selection.corporation.empty()) {
    key = CorporationKey(selection.corporation);
  }
  // A place stands for the records up to the next place, too.
  std::uint64_t end = std::min(selection.before, size());
  auto take = [&](const IndexEntry& entry) {
    const std::uint64_t first = entry.position.index;
    const bool fits = entry.ask_time() >= selection.start_time &&
                      entry.ask_time() < selection.end_time;
    for (std::uint64_t index = every ? end : first + 1;
         fits && index > first && found.size() < selection.limit; --index) {
      RecordPosition position = entry.position;
      position.index = index - 1;
      position.ordinal += static_cast<std::uint32_t>(index - 1 - first);
      found.push_back(position);
    }
    end = first;
    return found.size() < selection.limit;
  };
  PSM_RETURN_IF_ERROR(Visit(key, end, take));
  return found;
}

absl::StatusOr<std::vector<RecordPosition>> RecordIndex::FindExchange(
    absl::string_view consumer, absl::string_view exchange_id,
    absl::Time since) {
  since = std::max(since, Oldest());
  std::vector<RecordPosition> found;
  PSM_RETURN_IF_ERROR(Visit(ExchangeKey(consumer, exchange_id), UINT64_MAX,
                            [&](const IndexEntry& entry) {
                              if (entry.ask_time() >= since) {
                                found.push_back(entry.position);
                              }
                              return true;
                            }));
  std::reverse(found.begin(), found.end());
  return found;
}

absl::StatusOr<RecordPosition> RecordIndex::Locate(std::uint64_t index) {
  if (index >= size()) {
    return absl::OutOfRangeError("the log has no such record");
  }
  if (index < begin()) return absl::NotFoundError("the record was expunged");
  std::optional<RecordPosition> found;
  PSM_RETURN_IF_ERROR(Visit(kPlaceKey, index + 1, [&](const IndexEntry& entry) {
    found = entry.position;
    found->ordinal += static_cast<std::uint32_t>(index - found->index);
    found->index = index;
    return false;
  }));
  if (!found.has_value()) return Unavailable();
  return *found;
}

void RecordIndex::Discard(absl::string_view why) {
  MutexLock lock(mu_);
  if (!options_.folder.empty()) Forget(why);
}

void RecordIndex::Forget(absl::string_view why) {
  LogWarning("records_index_made_anew", {{"error", std::string(why)}});
  runs_.clear();
  parts_.clear();
  held_ = begin_;
  young_ = NewPart(held_);
  ++life_;
  remove_ = true;
  work_.NotifyOne();
  changed_.NotifyAll();
}

}  // namespace psm
