// Why an attacker who may write to the log's folders is noticed. The kept root
// and the head's root are signed, and the tree's right edge at the kept size
// leads to both: to the kept one as it is, to the head's with the leaves of the
// records behind it. Nobody finds another edge that leads to the kept root, so
// the first leaves are those of then; and the rest are the records that are
// there.
#include "mesh/records/checkpoint_keeper.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/leaf.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {
namespace {

absl::Status RolledBack(const std::string& file, absl::string_view what) {
  return MakeError(
      absl::StatusCode::kDataLoss, "RECORDS_ROLLED_BACK", Party::kGateway,
      absl::StrCat(what,
                   ": restore the newest copy of records and published "
                   "log; only who knows that nothing newer is left "
                   "removes ",
                   file, ", and keeps a copy of it"),
      {{"kept", file}});
}

// The right edge of the tree of the first `size` leaves, or of fewer: of as
// many as are published here. What cannot be read is read from the records.
tlog::Frontier PublishedEdge(const std::string& tiles, const LogKeys& keys,
                             std::uint64_t size) {
  if (tiles.empty()) return {};
  const auto published = PublishedCheckpoint(tiles, keys);
  if (!published.ok() || !published->has_value()) return {};
  tlog::FolderSource source(tiles);
  tlog::TileReader reader(source, (*published)->size());
  const auto edge =
      tlog::ReadFrontier(std::min(size, (*published)->size()), reader);
  return edge.ok() ? *edge : tlog::Frontier();
}

// Appends the leaves of the records from edge.size() on, up to `size`.
absl::Status AppendRecords(SegmentFolder& records, std::uint64_t size,
                           tlog::Frontier& edge) {
  absl::Status status;
  const auto read = ReadStored(
      records, edge.size(), [&](std::uint64_t index, const PayloadItem& item) {
        if (index >= size) return false;
        records::v1::Record record;
        if (index != edge.size() ||
            !record.ParseFromArray(item.record.data(),
                                   static_cast<int>(item.record.size()))) {
          status = absl::DataLossError("records are missing");
          return false;
        }
        edge.Append(tlog::LeafHash(RecordSeal(record, item.seed).leaf()));
        return edge.size() < size;
      });
  PSM_RETURN_IF_ERROR(read.status());
  if (status.ok() && edge.size() < size)
    return absl::DataLossError("records are missing");
  return status;
}

// Whether the tree of `head` begins with that of `kept`.
bool Extends(const tlog::SignedCheckpoint& kept, const LogHead& head,
             tlog::Frontier edge, SegmentFolder& records) {
  if (edge.size() > kept.size()) return false;
  if (!AppendRecords(records, kept.size(), edge).ok() ||
      edge.Root() != kept.root()) {
    return false;
  }
  return AppendRecords(records, head.frontier.size(), edge).ok() &&
         edge.Root() == head.checkpoint.root();
}

absl::StatusOr<std::optional<tlog::SignedCheckpoint>> ReadKept(
    const std::string& file, const LogKeys& keys) {
  const std::string folder = FolderOf(file);
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder, ", where ", file, " is to be kept, is not there or cannot be ",
        "written: mount or make it"));
  }
  const absl::StatusOr<std::string> bytes = ReadFile(file);
  if (absl::IsNotFound(bytes.status())) return std::nullopt;
  PSM_RETURN_IF_ERROR(bytes.status());
  absl::StatusOr<tlog::SignedCheckpoint> kept = keys.Open(*bytes);
  if (absl::IsPermissionDenied(kept.status())) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "LOG_KEY_UNKNOWN",
        Party::kGateway,
        absl::StrCat(file,
                     " is signed by a key to which those of the log do "
                     "not lead: restore the newest keys"),
        {{"kept", file}});
  }
  if (!kept.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, " is no checkpoint of ", keys.origin(), " (",
        kept.status().message(),
        "): restore it, or name another file with --kept-checkpoint"));
  }
  return *std::move(kept);
}

}  // namespace

absl::Status CheckKeptCheckpoint(const std::string& file, const LogKeys& keys,
                                 const std::optional<LogHead>& head,
                                 SegmentFolder& records,
                                 const std::string& tiles) {
  PSM_ASSIGN_OR_RETURN(const auto kept, ReadKept(file, keys));
  const std::uint64_t size = head.has_value() ? head->frontier.size() : 0;
  if (!kept.has_value()) {
    if (size != 0) {
      LogWarning("no_checkpoint_was_kept",
                 {{"file", file}, {"records", absl::StrCat(size)}});
    }
    return absl::OkStatus();
  }
  if (size < kept->size()) {
    return RolledBack(
        file, absl::StrCat("the log holds ", size, " records, but ", file,
                           " was kept when it had ", kept->size()));
  }
  if (size == 0) return absl::OkStatus();
  bool extends = kept->root() == head->checkpoint.root();
  if (size > kept->size()) {
    const tlog::Frontier edge = PublishedEdge(tiles, keys, kept->size());
    extends =
        Extends(*kept, *head, edge, records) ||
        (edge.size() != 0 && Extends(*kept, *head, tlog::Frontier(), records));
  }
  if (extends) return absl::OkStatus();
  return RolledBack(
      file,
      absl::StrCat("the log of ", size, " records is not shown to have grown ",
                   "from the ", kept->size(), " of ", file));
}

CheckpointKeeper::CheckpointKeeper(Options options, Newest newest)
    : options_(std::move(options)),
      newest_(std::move(newest)),
      thread_([this] { Run(); }) {}

CheckpointKeeper::~CheckpointKeeper() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  thread_.join();
}

void CheckpointKeeper::Run() {
  for (;;) {
    bool last = false;
    {
      MutexLock lock(mu_);
      if (!stopping_)
        stop_.WaitFor(mu_, absl::ToChronoNanoseconds(options_.interval));
      last = stopping_;
    }
    Keep();
    if (last) return;
  }
}

void CheckpointKeeper::Keep() {
  std::shared_ptr<const tlog::SignedCheckpoint> newest = newest_();
  if (newest == nullptr || newest == kept_) return;
  const absl::Status status =
      WriteWholeFile(options_.file, newest->ToText(), kPublic);
  if (status.ok()) kept_ = std::move(newest);
  if (status.ok() == !failing_) return;
  failing_ = !status.ok();
  if (failing_) {
    LogError("checkpoint_not_kept", {{"file", options_.file},
                                     {"error", std::string(status.message())}});
  } else {
    LogInfo("checkpoint_kept", {{"file", options_.file}});
  }
}

}  // namespace psm
