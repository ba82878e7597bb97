// The record log on the disk of one machine: segments written in advance, one
// fdatasync for all who wait. Knows nothing of exchanges.
#ifndef PSM_MESH_RECORDS_RECORD_STORE_H_
#define PSM_MESH_RECORDS_RECORD_STORE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/base/task.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/checkpoint_keeper.h"
#include "mesh/records/expunging.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/log_recovery.h"
#include "mesh/records/log_writer.h"
#include "mesh/records/record_index.h"
#include "mesh/records/record_log.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/segment_supply.h"
#include "mesh/records/space_quota.h"

namespace psm {

struct RecordStoreOptions {
  std::string folder;  // made where it does not exist

  // Signs the log's heads; its name is the log's origin. Never null.
  std::shared_ptr<const tlog::NoteSigner> signer;

  // What verifies the log from its first key on, the signer's being the last;
  // nullopt: it has had no other.
  std::optional<LogKeys> keys;
  // As RotateTo; a start that finds the log ending with a rotation to it ends
  // that.
  std::shared_ptr<const tlog::NoteSigner> next;
  // Where the keys are kept, called by the thread that commits. Before a
  // rotation is put into the log: whatever takes room on the disk. When it is
  // durable there, once or again after a failure or a crash: the keys as they
  // are now; nothing is signed until that has returned OK. May be empty.
  std::function<absl::Status(const LogKeys&)> prepare_keys;
  std::function<absl::Status(const LogKeys&)> put_keys_in_force;

  // Where the log is published for everybody, as tiles; "": nowhere.
  std::string tiles;

  // A file that the newest checkpoint is kept in, once in `keep_interval`, for
  // a start to hold the records against: outside of both folders, where who can
  // change these cannot write; "": none.
  std::string kept_checkpoint;
  absl::Duration keep_interval = absl::Seconds(1);

  // Size of a segment, 4 KiB to 1 GiB; also bounds one Append. Two are on the
  // disk at any time: the active one and a spare.
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;

  // Pacing. A commit begins at once while at most `gather_above` appends wait.
  // With more, it begins no sooner than `gather_interval` after the last one
  // began: one sync then serves more of them, for less CPU each. While more are
  // expected than a quarter of those that wait, no sooner than
  // `gather_longest`.
  std::size_t gather_above = 4;
  absl::Duration gather_interval = absl::Milliseconds(1);
  absl::Duration gather_longest = absl::Milliseconds(6);

  // Most bytes of one commit (an Append larger than this goes alone), and of
  // all appends that wait: past that an Append is refused.
  std::uint64_t max_batch_bytes = std::uint64_t{1} << 20;
  std::uint64_t max_queue_bytes = std::uint64_t{64} << 20;

  // After a failure nothing is tried, and every append refused, for this long.
  absl::Duration retry_interval = absl::Milliseconds(250);

  // Most bytes that records may take (spares not counted); 0: no limit. A file
  // `quota` in the folder, a decimal number, takes its place as long as it
  // exists. Past the limit the store behaves as on a full disk. The index is
  // not counted.
  std::uint64_t max_total_bytes = 0;

  // Records of this age are expunged with their salts, a segment at a time
  // (FORMAT.md): at least kShortestRetention; InfiniteDuration: never. A
  // segment is left for the next one when its first record is of the age
  // `segment_life`, full or not, so that none waits for it for ever; at most
  // half of `retention` is taken. Looked after every `expunge_interval`, by the
  // clock's wall time; InfiniteDuration: when Expunge is called.
  absl::Duration retention = absl::InfiniteDuration();
  absl::Duration segment_life = absl::Hours(30 * 24);
  absl::Duration expunge_interval = absl::Hours(1);

  // Whether an index is kept, in `folder`/index; see RecordIndexOptions.
  // Without one, List and FindExchange are UNAVAILABLE: for measuring.
  bool index = true;
  std::uint64_t index_part_records = 8192;
  std::size_t index_max_parts = 16;
};

// Thread-safe. Append serialises on the caller's thread and never waits for
// the disk; one thread commits, another makes segments.
class RecordStore : public RecordLog {
 public:
  // Takes the folder for itself, reads of the log in it what its index does not
  // have, and proves with one fdatasync that it can be written. On a full disk
  // the store opens, refuses appends and recovers when there is space. Errors:
  // FAILED_PRECONDITION RECORDS_IN_USE (another process has it),
  // RECORDS_FORMAT_UNKNOWN or LOG_KEY_UNKNOWN; DATA_LOSS RECORDS_DAMAGED, or
  // RECORDS_ROLLED_BACK where more was published, or kept in `kept_checkpoint`,
  // than the log holds, or something else; INVALID_ARGUMENT for options out of
  // bounds; or the operating system's. `clock` and `random` must outlive the
  // store, and `random` is used by this call only.
  static absl::StatusOr<std::unique_ptr<RecordStore>> Open(
      const RecordStoreOptions& options, const Clock& clock, Random& random);

  // The same on segments given by the caller, for fault tests; takes no lock.
  static absl::StatusOr<std::unique_ptr<RecordStore>> OpenOn(
      std::unique_ptr<SegmentFolder> folder, const RecordStoreOptions& options,
      const Clock& clock, Random& random);

  // Changes the key that signs the log, soon: between two commits, the key of
  // before signs, as a record of the log, that `next`, of its name, signs all
  // larger trees; when that is durable it is forgotten, and appends that wait
  // go on under `next`. Where the record cannot be made durable the old key
  // goes on, and it is tried again. Once it is durable and the keys cannot be
  // put in force, nothing is signed and appends are refused until they can.
  void RotateTo(std::shared_ptr<const tlog::NoteSigner> next) PSM_EXCLUDES(mu_);

  // Commits what waits, sets every completion, and ends. Executors that were
  // given to Append must still be there.
  ~RecordStore() override;
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;

  // As RecordLog. `record_time` is set where the record has none. Refused
  // without trying, also with RECORD_NOT_DURABLE: an Append without records or
  // larger than a segment, and one that finds the queue full.
  void Append(std::vector<records::v1::Record> records, Executor& executor,
              Completion<absl::StatusOr<Recorded>>* done) override;

  // As RecordLog; RecordStoreOptions says what comes of it.
  void Expect(int change) override {
    expected_.fetch_add(change, std::memory_order_relaxed);
  }

  // As RecordLog; newest first is by place in the log. A `limit` of 0 means
  // 100, one above 1,000 means 1,000. A page token stays good across restarts.
  // INVALID_ARGUMENT, reason RECORD_QUERY_INVALID, for a query with both a
  // subject and a corporation. UNAVAILABLE also while the index is being made
  // anew.
  absl::StatusOr<RecordPage> List(const RecordQuery& query) override;

  // As RecordLog; in the order of the log. Finds exchanges of the last 24 h.
  absl::StatusOr<std::vector<StoredRecord>> FindExchange(
      absl::string_view consumer, absl::string_view exchange_id,
      absl::Time since) override;

  // As RecordLog; from the tiles that are published. Of a record that was
  // expunged, the path alone.
  absl::StatusOr<ProvedRecord> Prove(std::uint64_t index,
                                     std::uint64_t tree_size) override;
  std::shared_ptr<const tlog::SignedCheckpoint> Checkpoint() override;

  // OK from a success on the disk to the next failure; the UNAVAILABLE message
  // names the cause. A failed store tries the disk again by itself.
  absl::Status Health() override;

  // Expunges what is old enough, or what an earlier call has recorded and left
  // to be removed; returns how many records went. First it makes durable, and
  // as public as any record, which ones these are. UNAVAILABLE
  // RECORD_NOT_DURABLE, or LOG_NOT_PUBLISHED for records whose leaves are not
  // published yet; DATA_LOSS RECORDS_DAMAGED where one of them cannot be read:
  // its segment stays; or the operating system's error. The next call goes on.
  // Appends go on meanwhile.
  absl::StatusOr<std::uint64_t> Expunge() PSM_EXCLUDES(expunging_mu_);

  // For metrics.
  struct Figures {
    std::uint64_t records = 0;   // in the log, expunged ones too
    std::uint64_t expunged = 0;  // of these, those that are gone
    std::uint64_t indexed = 0;   // of these, in the index on the disk
    std::uint64_t commits = 0;   // since the start: one write, one fdatasync
    std::uint64_t appended = 0;  // appends acknowledged since the start
    std::uint64_t refused = 0;   // appends refused since the start
  };
  Figures figures() const;

 private:
  struct Waiter {
    Executor* executor = nullptr;
    Completion<absl::StatusOr<Recorded>>* done = nullptr;
  };
  struct QueuedAppend {
    QueuedFrame frame;
    std::uint64_t bytes = 0;         // in a segment
    Recorded recorded;               // what the waiter is to be told
    std::vector<tlog::Hash> leaves;  // hashes, one a record
    Waiter waiter = {};
    bool expunges = false;  // is a record of kind EXPUNGED
  };

  RecordStore(std::unique_ptr<SegmentFolder> folder,
              const RecordStoreOptions& options, const Clock& clock);
  absl::Status Start(Random& random);
  // Whether the log, with this head, can be the one that was published.
  absl::Status CheckPublished(const std::optional<LogHead>& head) const;
  void StartPublishing(std::optional<tlog::SignedCheckpoint> checkpoint);

  // A change of the key, by the commit thread or before it begins: begins one
  // that was asked for, or goes on with one that failed, when it is due.
  void GoOnRotating();
  absl::Status Rotate();
  absl::Status RecordRotation();
  // Whether a rotation is in the log and its key not in force.
  bool AwaitsKey() const;
  // Beside what is published.
  void ShowKeys();
  // At a start: takes a rotation that ends the log and that the keys do not
  // have yet; the one to `next_`, or it is refused.
  absl::Status FollowLastRecord();

  // Seals the records: an append that nobody waits for yet.
  QueuedAppend Queue(std::vector<records::v1::Record> records) const;

  // The thread that expunges.
  void ExpungeInTime() PSM_EXCLUDES(expunging_mu_);
  absl::Status LeaveOldSegment(absl::Time now) PSM_REQUIRES(expunging_mu_);
  absl::StatusOr<LogChain> Look() PSM_REQUIRES(expunging_mu_);
  absl::Status RecordExpunging(const Expunging& due)
      PSM_REQUIRES(expunging_mu_);
  absl::StatusOr<std::uint64_t> RemoveExpunged(const LogChain& chain)
      PSM_REQUIRES(expunging_mu_);

  // The commit thread.
  void Run();
  // Waits for appends and takes one commit's worth; nothing, when a failed
  // store may try the disk again. False at the end.
  bool AwaitBatch(std::vector<QueuedAppend>& batch);
  void Gather() PSM_REQUIRES(mu_);
  // Whether a commit has enough to do.
  bool IsFull() const PSM_REQUIRES(mu_) {
    return queued_bytes_ >= options_.max_batch_bytes;
  }
  bool MoreAreExpected() const PSM_REQUIRES(mu_) {
    return expected_.load(std::memory_order_relaxed) >
           static_cast<std::int64_t>(queue_.size() / 4);
  }
  absl::Status Commit(std::vector<QueuedAppend>& batch);
  absl::Status MakeDurable(std::vector<QueuedAppend>& batch);
  // The head of the log when `batch` is in it.
  absl::StatusOr<LogHead> HeadWith(const std::vector<QueuedAppend>& batch);
  void Settle(std::vector<QueuedAppend>& batch, const absl::Status& status);
  void SetHealth(const absl::Status& status) PSM_REQUIRES(mu_);
  absl::Status DiscardIndex();
  // RECORDS_UNAVAILABLE while the last commit of the life before, of which
  // somebody may have been told, is not durable anew: a start on a full disk.
  absl::Status FindsAll();

  const RecordStoreOptions options_;
  const Clock& clock_;
  const std::unique_ptr<SegmentFolder> folder_;
  SpaceQuota quota_;
  RecordIndex index_;

  // Constant after Start.
  std::string log_id_;
  std::uint64_t frames_bytes_ = 0;  // most that one segment holds

  std::unique_ptr<SegmentSupply> supply_;

  // Owned by the commit thread after Start.
  std::unique_ptr<LogWriter> writer_;
  LogKeys keys_;  // as the log has them
  std::shared_ptr<const tlog::NoteSigner> signer_;
  std::shared_ptr<const tlog::NoteSigner> next_;  // null: no rotation
  absl::Duration next_rotation_ = -absl::InfiniteDuration();  // not before
  bool rotation_failed_ = false;                              // and it was said
  tlog::Frontier frontier_;     // of what is durable, and of what is carried
  bool leave_segment_ = false;  // with the next commit
  absl::Duration last_commit_ = -absl::InfiniteDuration();  // its start
  absl::Duration next_attempt_ = -absl::InfiniteDuration();

  std::atomic<std::int64_t> expected_{0};

  mutable Mutex mu_;
  CondVar work_;
  std::deque<QueuedAppend> queue_ PSM_GUARDED_BY(mu_);
  std::uint64_t queued_bytes_ PSM_GUARDED_BY(mu_) = 0;
  // What the commit thread wants to be told of: a first append, a full batch,
  // or also one that has most of those expected.
  enum class Awaits { kNothing, kFirst, kFull, kMost };
  Awaits awaits_ PSM_GUARDED_BY(mu_) = Awaits::kNothing;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  // What RotateTo was given and the commit thread has not taken yet.
  std::shared_ptr<const tlog::NoteSigner> given_ PSM_GUARDED_BY(mu_);
  // Whether the commit thread is to leave its segment, and has seen that.
  enum class Leave { kNo, kWanted, kUnderWay };
  Leave leave_ PSM_GUARDED_BY(mu_) = Leave::kNo;
  CondVar left_;
  absl::Status health_ PSM_GUARDED_BY(mu_);
  std::shared_ptr<const tlog::SignedCheckpoint> checkpoint_ PSM_GUARDED_BY(mu_);
  Figures figures_ PSM_GUARDED_BY(mu_);  // without the first two

  Mutex expunging_mu_;                                        // before mu_
  std::uint64_t expunged_ PSM_GUARDED_BY(expunging_mu_) = 0;  // as recorded

  Mutex expunger_mu_;
  CondVar expunger_stop_;
  bool expunger_stopping_ PSM_GUARDED_BY(expunger_mu_) = false;
  std::thread expunger_;  // none where nothing is expunged by itself

  std::thread commits_;
  std::unique_ptr<LogPublisher> publisher_;   // null: nothing is published
  std::unique_ptr<CheckpointKeeper> keeper_;  // null: nothing is kept
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_RECORD_STORE_H_
