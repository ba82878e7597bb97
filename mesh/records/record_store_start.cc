// The half of RecordStore that begins: what a folder holds, whether it may be
// gone on with, and what of it is still to be published.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

constexpr std::uint64_t kMinSegmentBytes = std::uint64_t{4} << 10;
constexpr std::uint64_t kMaxSegmentBytes = std::uint64_t{1} << 30;

RecordIndexOptions IndexOptionsOf(const RecordStoreOptions& options) {
  RecordIndexOptions index;
  if (options.index) index.folder = options.folder + "/index";
  index.part_records = options.index_part_records;
  index.max_parts = options.index_max_parts;
  index.retry_interval = options.retry_interval;
  return index;
}

// Nobody is to keep a key that the log has changed.
RecordStoreOptions WithoutKeys(RecordStoreOptions options) {
  options.signer.reset();
  options.next.reset();
  return options;
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
  if (options.retention < kShortestRetention) {
    return absl::InvalidArgumentError("records are kept for at least 48 h");
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
    : options_(WithoutKeys(options)),
      clock_(clock),
      folder_(std::move(folder)),
      quota_(options.folder + "/quota", options.max_total_bytes),
      index_(IndexOptionsOf(options), *folder_, clock),
      keys_(options.keys.value_or(LogKeys(options.signer->verifier()))),
      signer_(options.signer),
      next_(options.next) {}

absl::Status RecordStore::Start(Random& random) {
  PSM_ASSIGN_OR_RETURN(RecoveredLog log, RecoverLog(*folder_, keys_, random));
  PSM_RETURN_IF_ERROR(CheckPublished(log.head));
  if (!options_.kept_checkpoint.empty()) {
    PSM_RETURN_IF_ERROR(CheckKeptCheckpoint(
        options_.kept_checkpoint, keys_, log.head, *folder_, options_.tiles));
  }
  if (log.head.has_value()) frontier_ = log.head->frontier;
  PSM_RETURN_IF_ERROR(FollowLastRecord());
  if (AwaitsKey()) PSM_RETURN_IF_ERROR(Rotate());
  PSM_RETURN_IF_ERROR(index_.Start(log.end.log_id, log.begin, log.end.index));
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
  if (status.ok()) GoOnRotating();
  if (!options_.tiles.empty()) {
    // What was carried and is not durable yet is published with what follows.
    // A log without records has a checkpoint, too.
    std::optional<tlog::SignedCheckpoint> durable;
    if (const auto newest = Checkpoint(); status.ok() && newest != nullptr) {
      durable = *newest;
    } else if (status.ok()) {
      PSM_ASSIGN_OR_RETURN(LogHead empty, SignHead(tlog::Frontier(), *signer_));
      durable = std::move(empty.checkpoint);
    }
    StartPublishing(std::move(durable));
  }
  {
    MutexLock lock(expunging_mu_);
    expunged_ = log.begin;
  }
  commits_ = std::thread([this] { Run(); });
  if (options_.retention < absl::InfiniteDuration() &&
      options_.expunge_interval < absl::InfiniteDuration()) {
    expunger_ = std::thread([this] { ExpungeInTime(); });
  }
  if (!options_.kept_checkpoint.empty()) {
    keeper_ = std::make_unique<CheckpointKeeper>(
        CheckpointKeeper::Options{options_.kept_checkpoint,
                                  options_.keep_interval},
        [this] { return Checkpoint(); });
  }
  return absl::OkStatus();
}

absl::Status RecordStore::CheckPublished(
    const std::optional<LogHead>& head) const {
  if (options_.tiles.empty()) return absl::OkStatus();
  // Older keys than those that were published are restored together with older
  // records: so these are named.
  LogKeys shown = keys_;
  tlog::FolderSource tiles(options_.tiles);
  const absl::StatusOr<std::string> bytes = tiles.Read("checkpoint");
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  PSM_RETURN_IF_ERROR(bytes.status());
  const auto published = shown.Open(*bytes, tiles);
  if (absl::IsPermissionDenied(published.status())) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "LOG_KEY_UNKNOWN",
        Party::kGateway,
        absl::StrCat(options_.tiles,
                     "/checkpoint is signed by a key to which those of the log "
                     "do not lead: restore the newest keys"));
  }
  PSM_RETURN_IF_ERROR(published.status());
  const std::uint64_t size = head.has_value() ? head->frontier.size() : 0;
  if (published->size() < size || published->size() == 0) {
    return absl::OkStatus();
  }
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

void RecordStore::StartPublishing(
    std::optional<tlog::SignedCheckpoint> checkpoint) {
  LogPublisher::Options options;
  options.folder = options_.tiles;
  auto read = [this](std::uint64_t from, std::uint64_t size,
                     absl::FunctionRef<absl::Status(std::string)> visit) {
    absl::Status status;
    std::uint64_t due = from;
    absl::StatusOr<std::uint64_t> next = ReadStored(
        *folder_, from, [&](std::uint64_t index, const PayloadItem& item) {
          if (index >= size) return false;
          if (index != due++) {
            status = absl::DataLossError(
                "leaves are missing that were published before their records "
                "were expunged: restore the published log");
            return false;
          }
          records::v1::Record record;
          if (!record.ParseFromArray(item.record.data(),
                                     static_cast<int>(item.record.size()))) {
            status = absl::DataLossError("a record does not parse");
          } else {
            status = visit(std::string(RecordSeal(record, item.seed).leaf()));
          }
          return status.ok() && index + 1 < size;
        });
    PSM_RETURN_IF_ERROR(next.status());
    return status;
  };
  publisher_ = std::make_unique<LogPublisher>(
      std::move(options), keys_, std::move(read), std::move(checkpoint));
  ShowKeys();
}

}  // namespace psm
