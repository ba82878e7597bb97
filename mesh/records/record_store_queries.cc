// The half of RecordStore that answers: from the index, the log and the tiles.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/page_token.h"
#include "mesh/records/record_fetch.h"
#include "mesh/records/record_store.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {
namespace {

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMaxLimit = 1000;
constexpr std::size_t kMaxLookAhead = 1024;

}  // namespace

absl::StatusOr<RecordPage> RecordStore::List(const RecordQuery& query) {
  if (!query.subject.empty() && !query.corporation.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "RECORD_QUERY_INVALID",
                     Party::kConsumer,
                     "name a subject or a corporation, not both");
  }
  PSM_RETURN_IF_ERROR(FindsAll());
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
  RecordPage page;
  std::uint64_t last = 0;  // index of the last on the page
  for (int round = 0;; ++round) {
    // One more than fits, to know whether there are more. Where records are
    // passed over, more are looked at each time.
    const std::size_t wanted = limit + 1 - page.records.size();
    selection.limit = std::max(
        wanted, std::min(wanted << std::min(round, 10), kMaxLookAhead));
    PSM_ASSIGN_OR_RETURN(std::vector<RecordPosition> positions,
                         index_.Select(selection));
    absl::StatusOr<std::vector<StoredRecord>> fetched =
        FetchRecords(*folder_, positions);
    if (!fetched.ok() && positions.back().index < index_.begin()) {
      // Some were expunged since the index was asked: it is asked again.
      return List(query);
    }
    PSM_ASSIGN_OR_RETURN(std::vector<StoredRecord> found, std::move(fetched));
    for (StoredRecord& stored : found) {
      if ((!query.subject.empty() &&
           stored.record.subject() != query.subject) ||
          (!query.corporation.empty() &&
           stored.record.corporation() != query.corporation)) {
        return DiscardIndex();
      }
      if (query.is_shown && !query.is_shown(stored.record)) continue;
      if (page.records.size() == limit) {
        page.next_page_token = MakePageToken(log_id_, query, last);
        return page;
      }
      last = stored.index;
      page.records.push_back(std::move(stored.record));
    }
    if (positions.size() < selection.limit) return page;
    selection.before = positions.back().index;
  }
}

absl::StatusOr<std::vector<StoredRecord>> RecordStore::FindExchange(
    absl::string_view consumer, absl::string_view exchange_id,
    absl::Time since) {
  PSM_RETURN_IF_ERROR(FindsAll());
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
  PSM_RETURN_IF_ERROR(FindsAll());
  absl::StatusOr<RecordPosition> position = index_.Locate(index);
  if (absl::IsOutOfRange(position.status())) {
    return MakeError(absl::StatusCode::kNotFound, "RECEIPT_UNKNOWN",
                     Party::kConsumer, "there is no such record for the caller",
                     {{"index", absl::StrCat(index)}});
  }
  const bool expunged = absl::IsNotFound(position.status());
  if (!expunged) PSM_RETURN_IF_ERROR(position.status());
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
  ProvedRecord proved;
  proved.expunged = expunged;
  if (!expunged) {
    absl::StatusOr<std::vector<StoredRecord>> found =
        FetchRecords(*folder_, {*position});
    // Or since the index was asked.
    proved.expunged = !found.ok() && index < index_.begin();
    if (!proved.expunged) {
      PSM_RETURN_IF_ERROR(found.status());
      proved.record = std::move(found->front().record);
      proved.seed = std::move(found->front().seed);
    }
  }
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

absl::Status RecordStore::FindsAll() {
  const auto newest = Checkpoint();
  if (newest == nullptr || newest->size() <= index_.size())
    return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                   Party::kGateway,
                   "the newest records wait for room on the disk: try later");
}

// Nobody is shown a record of somebody else, whatever the index says.
absl::Status RecordStore::DiscardIndex() {
  index_.Discard("the index names a record of something else");
  return MakeError(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                   Party::kGateway,
                   "the index of the records is made anew: try later");
}

}  // namespace psm
