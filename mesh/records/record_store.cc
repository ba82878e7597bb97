// The order on which "nothing leaves before the record" rests, in the commit
// thread: write, fdatasync, add to the index, then tell the waiters. So who was
// told finds the record, and who finds a record may rely on it being durable.
// What makes a refusal final stands in log_writer.cc.
//
// Everything of one commit passes through MakeDurable in the order of the log.
// There its head is signed and written with it: nobody is told of a record that
// is not under a durable checkpoint.
#include "mesh/records/record_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/segment_format.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

absl::Status NotDurable() {
  return MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                   Party::kGateway,
                   "the exchange could not be recorded, so nothing was "
                   "released: try again later");
}

// Stamps and seals the records, and serialises them.
QueuedFrame FrameOf(std::vector<records::v1::Record> records, absl::Time now,
                    std::vector<RecordSeal>& seals) {
  QueuedFrame frame;
  std::string bytes;
  for (records::v1::Record& record : records) {
    if (!record.has_record_time()) {
      SetTimestamp(now, record.mutable_record_time());
    }
    seals.push_back(Seal(record, SystemRandom()));
    record.SerializeToString(&bytes);
    AppendToPayload({seals.back().seed(), bytes}, frame.payload);
    frame.keys.push_back(KeysOf(record));
  }
  frame.payload_crc = Crc32c(frame.payload);
  return frame;
}

}  // namespace

RecordStore::~RecordStore() {
  {
    MutexLock lock(expunger_mu_);
    expunger_stopping_ = true;
    expunger_stop_.NotifyOne();
  }
  if (expunger_.joinable()) expunger_.join();
  {
    MutexLock lock(mu_);
    stopping_ = true;
    work_.NotifyOne();
  }
  if (commits_.joinable()) commits_.join();
}

RecordStore::QueuedAppend RecordStore::Queue(
    std::vector<records::v1::Record> records) const {
  QueuedAppend append;
  append.expunges = !records.empty() &&
                    records.front().kind() == records::v1::Record::EXPUNGED;
  append.frame =
      FrameOf(std::move(records), clock_.Now(), append.recorded.seals);
  append.leaves.reserve(append.recorded.seals.size());
  for (const RecordSeal& seal : append.recorded.seals) {
    append.leaves.push_back(tlog::LeafHash(seal.leaf()));
  }
  append.bytes = FrameBytes(append.frame.payload.size());
  return append;
}

void RecordStore::Append(std::vector<records::v1::Record> records,
                         Executor& executor,
                         Completion<absl::StatusOr<Recorded>>* done) {
  QueuedAppend append = Queue(std::move(records));
  append.waiter = {&executor, done};
  const bool fits = !append.frame.keys.empty() && append.bytes <= frames_bytes_;
  {
    MutexLock lock(mu_);
    if (fits && queued_bytes_ + append.bytes <= options_.max_queue_bytes) {
      queued_bytes_ += append.bytes;
      queue_.push_back(std::move(append));
      if (awaits_ == Awaits::kFirst ||
          (awaits_ != Awaits::kNothing && IsFull()) ||
          (awaits_ == Awaits::kMost && !MoreAreExpected())) {
        awaits_ = Awaits::kNothing;
        work_.NotifyOne();
      }
      return;
    }
    ++figures_.refused;
  }
  executor.Post([done] { done->Set(NotDurable()); });
}

absl::Status RecordStore::Health() {
  MutexLock lock(mu_);
  return health_;
}

RecordStore::Figures RecordStore::figures() const {
  Figures figures;
  {
    MutexLock lock(mu_);
    figures = figures_;
  }
  figures.records = index_.size();
  figures.expunged = index_.begin();
  figures.indexed = index_.on_disk();
  return figures;
}

void RecordStore::Run() {
  std::vector<QueuedAppend> batch;
  while (AwaitBatch(batch)) {
    GoOnRotating();
    Settle(batch, Commit(batch));
    batch.clear();
  }
}

bool RecordStore::AwaitBatch(std::vector<QueuedAppend>& batch) {
  MutexLock lock(mu_);
  if (leave_ == Leave::kUnderWay) {
    leave_ = Leave::kNo;
    left_.NotifyAll();
  }
  const bool takes_keys = !AwaitsKey();
  while (queue_.empty() && !stopping_ && leave_ != Leave::kWanted &&
         !(takes_keys && given_ != nullptr)) {
    awaits_ = Awaits::kFirst;
    bool told = true;
    if (writer_->active() && next_ == nullptr) {
      work_.Wait(mu_);
    } else {
      told = work_.WaitFor(mu_,
                           absl::ToChronoNanoseconds(options_.retry_interval));
    }
    awaits_ = Awaits::kNothing;
    if (!told) return true;
  }
  if (leave_ == Leave::kWanted) {
    leave_ = Leave::kUnderWay;
    leave_segment_ = true;
  }
  if (queue_.empty()) return !stopping_ || leave_ == Leave::kUnderWay;
  if (queue_.size() > options_.gather_above) Gather();
  const std::uint64_t most = std::min(options_.max_batch_bytes, frames_bytes_);
  std::uint64_t bytes = 0;
  do {
    bytes += queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  } while (!queue_.empty() && bytes + queue_.front().bytes <= most);
  queued_bytes_ -= bytes;
  return true;
}

void RecordStore::Gather() {
  for (const auto& [most, since_last] :
       {std::pair(Awaits::kFull, options_.gather_interval),
        std::pair(Awaits::kMost, options_.gather_longest)}) {
    if (stopping_ || !writer_->active() || IsFull()) return;
    if (most == Awaits::kMost && !MoreAreExpected()) return;
    const absl::Duration left = last_commit_ + since_last - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) continue;
    awaits_ = most;
    // Once: woken early for nothing, the batch is merely smaller.
    work_.WaitFor(mu_, absl::ToChronoNanoseconds(left));
    awaits_ = Awaits::kNothing;
  }
}

absl::Status RecordStore::Commit(std::vector<QueuedAppend>& batch) {
  last_commit_ = clock_.Monotonic();
  if (last_commit_ < next_attempt_) {
    MutexLock lock(mu_);
    return health_;
  }
  absl::Status status = MakeDurable(batch);
  if (!status.ok()) {
    next_attempt_ = clock_.Monotonic() + options_.retry_interval;
  }
  return status;
}

absl::StatusOr<LogHead> RecordStore::HeadWith(
    const std::vector<QueuedAppend>& batch) {
  if (AwaitsKey()) {
    return absl::FailedPreconditionError(
        "the log has named another key, which is not in force yet");
  }
  tlog::Frontier frontier = frontier_;
  for (const QueuedAppend& append : batch) {
    for (const tlog::Hash& leaf : append.leaves) frontier.Append(leaf);
  }
  return SignHead(frontier, *signer_);
}

absl::Status RecordStore::MakeDurable(std::vector<QueuedAppend>& batch) {
  PSM_ASSIGN_OR_RETURN(LogHead head, HeadWith(batch));
  QueuedFrame head_frame;
  head_frame.kind = FrameKind::kHead;
  head_frame.payload = EncodeHead(head);
  head_frame.payload_crc = Crc32c(head_frame.payload);

  std::uint64_t bytes = FrameBytes(head_frame.payload.size());
  for (const QueuedAppend& append : batch) bytes += append.bytes;
  // Without a spare at hand it would be left for nothing that can be written.
  const bool leave =
      std::exchange(leave_segment_, false) && supply_->HasSpare();
  if (leave || !writer_->HasRoom(bytes)) {
    PSM_ASSIGN_OR_RETURN(std::vector<IndexedFrame> carried,
                         writer_->Activate());
    if (!carried.empty()) index_.Add(carried);
  }
  if (batch.empty()) return absl::OkStatus();
  index_.AwaitRoom();

  std::vector<QueuedFrame*> frames;
  frames.reserve(batch.size() + 1);
  for (QueuedAppend& append : batch) frames.push_back(&append.frame);
  frames.push_back(&head_frame);
  std::uint64_t index = frontier_.size();
  PSM_ASSIGN_OR_RETURN(std::vector<IndexedFrame> placed,
                       writer_->Commit(frames));
  frontier_ = head.frontier;
  const auto checkpoint = std::make_shared<const tlog::SignedCheckpoint>(
      std::move(head.checkpoint));
  std::vector<std::string> leaves;
  for (QueuedAppend& append : batch) {
    append.recorded.index = index;
    append.recorded.checkpoint = checkpoint;
    if (append.expunges) writer_->NoteExpunging(index);
    index += append.recorded.seals.size();
    if (publisher_ == nullptr) continue;
    for (const RecordSeal& seal : append.recorded.seals) {
      leaves.emplace_back(seal.leaf());
    }
  }
  index_.Add(placed);
  if (publisher_ != nullptr) publisher_->Offer(std::move(leaves), checkpoint);
  MutexLock lock(mu_);
  checkpoint_ = checkpoint;
  return absl::OkStatus();
}

void RecordStore::Settle(std::vector<QueuedAppend>& batch,
                         const absl::Status& status) {
  {
    MutexLock lock(mu_);
    SetHealth(status);
    if (!batch.empty() && status.ok()) ++figures_.commits;
    (status.ok() ? figures_.appended : figures_.refused) += batch.size();
  }
  using Told = std::vector<std::pair<Completion<absl::StatusOr<Recorded>>*,
                                     absl::StatusOr<Recorded>>>;
  std::vector<std::pair<Executor*, Told>> groups;  // as few as workers
  for (QueuedAppend& append : batch) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
      return g.first == append.waiter.executor;
    });
    if (group == groups.end()) {
      group = groups.insert(group, {append.waiter.executor, {}});
    }
    group->second.emplace_back(
        append.waiter.done,
        status.ok() ? absl::StatusOr<Recorded>(std::move(append.recorded))
                    : NotDurable());
  }
  for (auto& group : groups) {
    group.first->Post([told = std::move(group.second)]() mutable {
      for (auto& [done, recorded] : told) done->Set(std::move(recorded));
    });
  }
}

void RecordStore::SetHealth(const absl::Status& status) {
  if (status.ok() != health_.ok()) {
    if (status.ok()) {
      LogInfo("records_durable_again");
    } else {
      LogError("records_not_durable",
               {{"error", std::string(status.message())}});
    }
  }
  // Once refused, the status stands for later appends and keeps its cause.
  health_ = status.ok() || DetailOf(status).has_value()
                ? status
                : MakeError(absl::StatusCode::kUnavailable,
                            "RECORD_NOT_DURABLE", Party::kGateway,
                            absl::StrCat("records cannot be made durable: ",
                                         status.message()));
}

}  // namespace psm
