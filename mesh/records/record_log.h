// The record log as an exchange sees it: something that makes records durable.
// Knows nothing of exchanges.
#ifndef PSM_MESH_RECORDS_RECORD_LOG_H_
#define PSM_MESH_RECORDS_RECORD_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/base/executor.h"
#include "mesh/base/task.h"
#include "mesh/records/leaf.h"
#include "mesh/records/tlog/checkpoint.h"
#include "psm/records/v1/record.pb.h"

namespace psm {

// Which records of one subject.
struct RecordQuery {
  std::string subject;      // code in the scope `records`; or
  std::string corporation;  // a corporate number; or both empty: every record
                            // (development tools)
  absl::Time start_time = absl::InfinitePast();  // inclusive, by ask_time
  absl::Time end_time = absl::InfiniteFuture();  // exclusive
  std::size_t limit = 100;
  std::string page_token;  // opaque; from the previous page
  // Whether whoever asks may know of a record; empty: of all. What it passes
  // over leaves no trace in pages and tokens, only in the time they take.
  std::function<bool(const records::v1::Record&)> is_shown;
};

struct RecordPage {
  std::vector<records::v1::Record> records;  // newest first
  std::string next_page_token;               // empty at the end
};

// What an Append was told when its records were durable.
struct Recorded {
  std::uint64_t index = 0;        // in the log, of the first of them
  std::vector<RecordSeal> seals;  // one a record
  // Which the log has signed over them, durable as they are.
  std::shared_ptr<const tlog::SignedCheckpoint> checkpoint;
};

// A record as the log keeps it.
struct StoredRecord {
  std::uint64_t index = 0;  // in the log, from 0
  std::string seed;         // of its seal
  records::v1::Record record;
};

// A record and the path from its leaf to the root of a tree (RFC 6962, 2.1.1).
struct ProvedRecord {
  records::v1::Record record;
  std::vector<tlog::Hash> inclusion;
  bool expunged = false;  // then `record` and `seed` are empty
  std::string seed = {};  // of its seal; secret
};

// Thread-safe.
class RecordLog {
 public:
  virtual ~RecordLog() = default;

  // Says how many more Appends, or fewer, are likely to come soon: for a log
  // that lets one sync serve those that come together. Cheap; promises nothing.
  virtual void Expect(int change) { static_cast<void>(change); }

  // Seals `records`, makes them durable, all or none, and then sets `done` on
  // `executor`: with where they are after fdatasync returned, or with
  // UNAVAILABLE, reason RECORD_NOT_DURABLE, in which case none of them will
  // ever be found (but for a process that dies on a failed disk: FORMAT.md).
  // `done` and `executor` must live until it is set; many appends share one
  // sync, and one Post per executor.
  virtual void Append(std::vector<records::v1::Record> records,
                      Executor& executor,
                      Completion<absl::StatusOr<Recorded>>* done) = 0;

  // Newest first. INVALID_ARGUMENT PAGE_TOKEN_INVALID, or RECORD_QUERY_INVALID
  // for both a subject and a corporation; UNAVAILABLE RECORDS_UNAVAILABLE where
  // the store cannot be read.
  virtual absl::StatusOr<RecordPage> List(const RecordQuery& query) = 0;

  // The record of an exchange of this consumer asked for at or after `since`,
  // kind EXCHANGE, INTENT or REFUSAL; empty where there is none.
  virtual absl::StatusOr<std::vector<StoredRecord>> FindExchange(
      absl::string_view consumer, absl::string_view exchange_id,
      absl::Time since) = 0;

  // Record `index`, and that it is in the tree of `tree_size` records; of one
  // that was expunged, only where in the tree its leaf is, which is public.
  // NOT_FOUND RECEIPT_UNKNOWN where there is no such record, INVALID_ARGUMENT
  // PROOF_REQUEST_INVALID where it is not in that tree, UNAVAILABLE
  // LOG_NOT_PUBLISHED for a tree that is not published yet, or
  // RECORDS_UNAVAILABLE.
  virtual absl::StatusOr<ProvedRecord> Prove(std::uint64_t index,
                                             std::uint64_t tree_size) = 0;

  // The newest that is durable, over all that can be found; null before the
  // first record.
  virtual std::shared_ptr<const tlog::SignedCheckpoint> Checkpoint() = 0;

  // OK while appends can succeed.
  virtual absl::Status Health() = 0;
};

// An Append that is likely to come, from now until this ends. The log must
// outlive it.
class ExpectedAppend {
 public:
  explicit ExpectedAppend(RecordLog& log) : log_(log) { log_.Expect(1); }
  ~ExpectedAppend() { log_.Expect(-1); }
  ExpectedAppend(const ExpectedAppend&) = delete;
  ExpectedAppend& operator=(const ExpectedAppend&) = delete;

 private:
  RecordLog& log_;
};

// What the Append was told that made `records`, which stand one behind the
// other and are not empty; under the newest checkpoint.
Recorded Recall(absl::Span<const StoredRecord> records, RecordLog& log);

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_LOG_H_
