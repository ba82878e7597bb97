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
#include "mesh/records/page_token.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_fetch.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/segment_format.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {
namespace {

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMaxLimit = 1000;
constexpr std::uint64_t kMinSegmentBytes = std::uint64_t{4} << 10;
constexpr std::uint64_t kMaxSegmentBytes = std::uint64_t{1} << 30;

absl::Status NotDurable() {
  return MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                   Party::kGateway,
                   "the exchange could not be recorded, so nothing was "
                   "released: try again later");
}

RecordIndexOptions IndexOptionsOf(const RecordStoreOptions& options) {
  RecordIndexOptions index;
  if (options.index) index.folder = options.folder + "/index";
  index.part_records = options.index_part_records;
  index.max_parts = options.index_max_parts;
  index.retry_interval = options.retry_interval;
  return index;
}

// Stamps and seals the records, and serialises them.
QueuedFrame FrameOf(std::vector<records::v1::Record> records, absl::Time now,
                    std::vector<RecordSeal>& seals) {
  QueuedFrame frame;
  std::string bytes;
  for (records::v1::Record& record : records) {
    if (!record.has_record_time()) {
      const absl::Time whole = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
      record.mutable_record_time()->set_seconds(absl::ToUnixSeconds(now));
      record.mutable_record_time()->set_nanos(
          static_cast<std::int32_t>(absl::ToInt64Nanoseconds(now - whole)));
    }
    seals.push_back(Seal(record, SystemRandom()));
    record.SerializeToString(&bytes);
    AppendToPayload({seals.back().seed, bytes}, frame.payload);
    frame.keys.push_back(KeysOf(record));
  }
  frame.payload_crc = Crc32c(frame.payload);
  return frame;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordStore>> RecordStore::Open(
    const RecordStoreOptions& options, const Clock& clock, Random& random) {
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SegmentFolder> folder,
                       PosixSegmentFolder::OpenToWrite(options.folder));
  return OpenOn(std::move(folder), options, clock, random);
}

absl::StatusOr<std::unique_ptr<RecordStore>> RecordStore::OpenOn(
    std::unique_ptr<SegmentFolder> folder, const RecordStoreOptions& options,
    const Clock& clock, Random& random) {
  if (options.segment_bytes < kMinSegmentBytes ||
      options.segment_bytes > kMaxSegmentBytes) {
    return absl::InvalidArgumentError("a segment takes 4 KiB to 1 GiB");
  }
  if (options.signer == nullptr ||
      options.signer->verifier().name().size() > kMaxOriginBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a log needs a signer, of a name of at most ", kMaxOriginBytes));
  }
  std::unique_ptr<RecordStore> store(
      new RecordStore(std::move(folder), options, clock));
  PSM_RETURN_IF_ERROR(store->Start(random));
  return store;
}

RecordStore::RecordStore(std::unique_ptr<SegmentFolder> folder,
                         const RecordStoreOptions& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      folder_(std::move(folder)),
      quota_(options.folder + "/quota", options.max_total_bytes),
      index_(IndexOptionsOf(options), *folder_, clock) {}

absl::Status RecordStore::Start(Random& random) {
  PSM_ASSIGN_OR_RETURN(
      RecoveredLog log,
      RecoverLog(*folder_, options_.signer->verifier(), random));
  PSM_RETURN_IF_ERROR(CheckPublished(log.head));
  if (log.head.has_value()) frontier_ = log.head->frontier;
  PSM_RETURN_IF_ERROR(index_.Start(log.end.log_id, log.end.index));
  std::uint64_t carried_records = 0;
  std::uint64_t carried_bytes = kSegmentHeaderBytes;
  for (const QueuedFrame& frame : log.end.carried) {
    carried_records += frame.keys.size();
    carried_bytes += FrameBytes(frame.payload.size());
  }
  LogInfo("records_opened",
          {{"records", std::to_string(index_.size() + carried_records)},
           {"carried", std::to_string(carried_records)},
           {"indexed", std::to_string(index_.on_disk())},
           {"segments", std::to_string(log.segments)},
           {"other_segments", std::to_string(log.debris.size())},
           {"torn_bytes", std::to_string(log.torn_bytes)}});
  // Segments may have been larger when these were written.
  const std::uint64_t segment_bytes =
      std::max(options_.segment_bytes, carried_bytes);
  frames_bytes_ =
      segment_bytes - kSegmentHeaderBytes - FrameBytes(kMaxHeadBytes);
  log_id_ = log.end.log_id;
  quota_.Use(log.used_bytes);
  supply_ = std::make_unique<SegmentSupply>(*folder_, quota_, segment_bytes,
                                            log.highest + 1, log.debris,
                                            options_.retry_interval);
  writer_ = std::make_unique<LogWriter>(*supply_, quota_, std::move(log.end));
  std::vector<QueuedAppend> none;
  absl::Status status = Commit(none);
  if (!status.ok() && !absl::IsResourceExhausted(status)) return status;
  {
    MutexLock lock(mu_);
    SetHealth(status);
    if (log.head.has_value()) {
      checkpoint_ =
          std::make_shared<const tlog::SignedCheckpoint>(log.head->checkpoint);
    }
  }
  if (!options_.tiles.empty()) {
    // What was carried and is not durable yet is published with what follows.
    StartPublishing(status.ok() ? log.head : std::nullopt);
  }
  commits_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

absl::Status RecordStore::CheckPublished(
    const std::optional<LogHead>& head) const {
  if (options_.tiles.empty()) return absl::OkStatus();
  PSM_ASSIGN_OR_RETURN(
      std::optional<tlog::SignedCheckpoint> published,
      PublishedCheckpoint(options_.tiles, options_.signer->verifier()));
  if (!published.has_value()) return absl::OkStatus();
  const std::uint64_t size = head.has_value() ? head->frontier.size() : 0;
  if (published->size() < size) return absl::OkStatus();
  if (published->size() == size && head.has_value() &&
      published->root() == head->checkpoint.root()) {
    return absl::OkStatus();
  }
  return MakeError(
      absl::StatusCode::kDataLoss, "RECORDS_ROLLED_BACK", Party::kGateway,
      absl::StrCat("the log holds ", size, " records, but a checkpoint of ",
                   published->size(),
                   " was published: restore the newest copy of the records"),
      {{"published", options_.tiles}});
}

void RecordStore::StartPublishing(const std::optional<LogHead>& head) {
  LogPublisher::Options options;
  options.folder = options_.tiles;
  auto read = [this](std::uint64_t from, std::uint64_t size,
                     absl::FunctionRef<absl::Status(std::string)> visit) {
    absl::Status status;
    absl::StatusOr<std::uint64_t> next = ReadStored(
        *folder_, from, [&](std::uint64_t index, const PayloadItem& item) {
          if (index >= size) return false;
          records::v1::Record record;
          if (!record.ParseFromArray(item.record.data(),
                                     static_cast<int>(item.record.size()))) {
            status = absl::DataLossError("a record does not parse");
          } else {
            status = visit(LeafOf(record, item.seed));
          }
          return status.ok() && index + 1 < size;
        });
    PSM_RETURN_IF_ERROR(next.status());
    return status;
  };
  std::optional<tlog::SignedCheckpoint> checkpoint;
  if (head.has_value()) checkpoint = head->checkpoint;
  publisher_ = std::make_unique<LogPublisher>(
      std::move(options), options_.signer->verifier(), std::move(read),
      std::move(checkpoint));
}

RecordStore::~RecordStore() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    work_.NotifyOne();
  }
  if (commits_.joinable()) commits_.join();
}

void RecordStore::Append(std::vector<records::v1::Record> records,
                         Executor& executor,
                         Completion<absl::StatusOr<Recorded>>* done) {
  QueuedAppend append;
  append.frame =
      FrameOf(std::move(records), clock_.Now(), append.recorded.seals);
  append.leaves.reserve(append.recorded.seals.size());
  for (const RecordSeal& seal : append.recorded.seals) {
    append.leaves.push_back(tlog::LeafHash(seal.leaf));
  }
  append.bytes = FrameBytes(append.frame.payload.size());
  append.waiter = {&executor, done};
  const bool fits = !append.frame.keys.empty() && append.bytes <= frames_bytes_;
  {
    MutexLock lock(mu_);
    if (fits && queued_bytes_ + append.bytes <= options_.max_queue_bytes) {
      queued_bytes_ += append.bytes;
      queue_.push_back(std::move(append));
      if (idle_ || (gathering_ && queued_bytes_ >= options_.max_batch_bytes)) {
        idle_ = gathering_ = false;
        work_.NotifyOne();
      }
      return;
    }
    ++figures_.refused;
  }
  executor.Post([done] { done->Set(NotDurable()); });
}

absl::StatusOr<RecordPage> RecordStore::List(const RecordQuery& query) {
  if (!query.subject.empty() && !query.corporation.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "RECORD_QUERY_INVALID",
                     Party::kConsumer,
                     "name a subject or a corporation, not both");
  }
  RecordIndex::Selection selection;
  selection.subject = query.subject;
  selection.corporation = query.corporation;
  selection.start_time = query.start_time;
  selection.end_time = query.end_time;
  selection.before = UINT64_MAX;
  if (!query.page_token.empty()) {
    PSM_ASSIGN_OR_RETURN(selection.before, OpenPageToken(log_id_, query));
  }
  const std::size_t limit =
      query.limit == 0 ? kDefaultLimit : std::min(query.limit, kMaxLimit);
  selection.limit = limit + 1;  // one more, to know whether there are more
  PSM_ASSIGN_OR_RETURN(std::vector<RecordPosition> positions,
                       index_.Select(selection));
  const bool more = positions.size() > limit;
  if (more) positions.resize(limit);
  RecordPage page;
  PSM_ASSIGN_OR_RETURN(std::vector<StoredRecord> found,
                       FetchRecords(*folder_, positions));
  page.records.reserve(found.size());
  for (StoredRecord& stored : found) {
    if ((!query.subject.empty() && stored.record.subject() != query.subject) ||
        (!query.corporation.empty() &&
         stored.record.corporation() != query.corporation)) {
      return DiscardIndex();
    }
    page.records.push_back(std::move(stored.record));
  }
  if (more) {
    page.next_page_token =
        MakePageToken(log_id_, query, positions.back().index);
  }
  return page;
}

absl::StatusOr<std::vector<StoredRecord>> RecordStore::FindExchange(
    absl::string_view consumer, absl::string_view exchange_id,
    absl::Time since) {
  PSM_ASSIGN_OR_RETURN(std::vector<RecordPosition> positions,
                       index_.FindExchange(consumer, exchange_id, since));
  PSM_ASSIGN_OR_RETURN(std::vector<StoredRecord> found,
                       FetchRecords(*folder_, positions));
  for (const StoredRecord& stored : found) {
    if (stored.record.consumer() != consumer ||
        stored.record.exchange_id() != exchange_id) {
      return DiscardIndex();
    }
  }
  return found;
}

absl::StatusOr<ProvedRecord> RecordStore::Prove(std::uint64_t index,
                                                std::uint64_t tree_size) {
  absl::StatusOr<RecordPosition> position = index_.Locate(index);
  if (absl::IsOutOfRange(position.status())) {
    return MakeError(absl::StatusCode::kNotFound, "RECEIPT_UNKNOWN",
                     Party::kConsumer, "there is no such record for the caller",
                     {{"index", absl::StrCat(index)}});
  }
  PSM_RETURN_IF_ERROR(position.status());
  if (index >= tree_size) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     "PROOF_REQUEST_INVALID", Party::kConsumer,
                     "the record is not in that tree: send index and tree_size "
                     "as the receipt has them",
                     {{"index", absl::StrCat(index)}});
  }
  if (publisher_ == nullptr || publisher_->published() < tree_size) {
    return MakeError(absl::StatusCode::kUnavailable, "LOG_NOT_PUBLISHED",
                     Party::kGateway,
                     "the tree of this receipt is not published yet: ask again "
                     "in a second");
  }
  PSM_ASSIGN_OR_RETURN(std::vector<StoredRecord> found,
                       FetchRecords(*folder_, {*position}));
  ProvedRecord proved;
  proved.record = std::move(found.front().record);
  tlog::FolderSource source(options_.tiles);
  tlog::TileReader tiles(source, publisher_->published());
  PSM_ASSIGN_OR_RETURN(proved.inclusion,
                       tlog::ProveInclusion(index, tree_size, tiles));
  return proved;
}

std::shared_ptr<const tlog::SignedCheckpoint> RecordStore::Checkpoint() {
  MutexLock lock(mu_);
  return checkpoint_;
}

// Nobody is shown a record of somebody else, whatever the index says.
absl::Status RecordStore::DiscardIndex() {
  index_.Discard("the index names a record of something else");
  return MakeError(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                   Party::kGateway,
                   "the index of the records is made anew: try later");
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
  figures.indexed = index_.on_disk();
  return figures;
}

void RecordStore::Run() {
  std::vector<QueuedAppend> batch;
  while (AwaitBatch(batch)) {
    Settle(batch, Commit(batch));
    batch.clear();
  }
}

bool RecordStore::AwaitBatch(std::vector<QueuedAppend>& batch) {
  MutexLock lock(mu_);
  while (queue_.empty() && !stopping_) {
    idle_ = true;
    bool told = true;
    if (writer_->active()) {
      work_.Wait(mu_);
    } else {
      told = work_.WaitFor(mu_,
                           absl::ToChronoNanoseconds(options_.retry_interval));
    }
    idle_ = false;
    if (!told) return true;
  }
  if (queue_.empty()) return false;
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
  for (const int intervals : {1, 2}) {
    if (intervals == 2 && queue_.size() <= options_.gather_long_above) return;
    const absl::Duration left = last_commit_ +
                                intervals * options_.gather_interval -
                                clock_.Monotonic();
    if (stopping_ || !writer_->active() ||
        queued_bytes_ >= options_.max_batch_bytes) {
      return;
    }
    if (left <= absl::ZeroDuration()) continue;
    gathering_ = true;
    // Once: woken early for nothing, the batch is merely smaller.
    work_.WaitFor(mu_, absl::ToChronoNanoseconds(left));
    gathering_ = false;
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
  tlog::Frontier frontier = frontier_;
  for (const QueuedAppend& append : batch) {
    for (const tlog::Hash& leaf : append.leaves) frontier.Append(leaf);
  }
  return SignHead(frontier, *options_.signer);
}

absl::Status RecordStore::MakeDurable(std::vector<QueuedAppend>& batch) {
  PSM_ASSIGN_OR_RETURN(LogHead head, HeadWith(batch));
  QueuedFrame head_frame;
  head_frame.kind = FrameKind::kHead;
  head_frame.payload = EncodeHead(head);
  head_frame.payload_crc = Crc32c(head_frame.payload);

  std::uint64_t bytes = FrameBytes(head_frame.payload.size());
  for (const QueuedAppend& append : batch) bytes += append.bytes;
  if (!writer_->HasRoom(bytes)) {
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
    index += append.recorded.seals.size();
    if (publisher_ == nullptr) continue;
    for (const RecordSeal& seal : append.recorded.seals) {
      leaves.push_back(seal.leaf);
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
