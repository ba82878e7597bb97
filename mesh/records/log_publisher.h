// Publishes the log behind its writer: a thread of its own puts the leaves of
// what is durable into a folder of tiles (tlog/tile_folder.h).
#ifndef PSM_MESH_RECORDS_LOG_PUBLISHER_H_
#define PSM_MESH_RECORDS_LOG_PUBLISHER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/tile_folder.h"

namespace psm {

// The checkpoint that a folder of tiles has; nullopt for a folder without one.
// Errors as SignedCheckpoint::Open and ReadFile.
absl::StatusOr<std::optional<tlog::SignedCheckpoint>> PublishedCheckpoint(
    const std::string& folder, const LogKeys& log);

// Puts the log's keys beside it, LogKeys::ToText, for whoever trusts an earlier
// one; nothing for a log that has had one key. Makes the folder where it is
// missing. Errors as WriteWholeFile's.
absl::Status PublishKeys(const std::string& folder, const LogKeys& log);

// Thread-safe. What cannot be published is tried again, for ever; meanwhile the
// log lines log_not_published and log_published say so once each.
class LogPublisher {
 public:
  // Reads leaves back from the log: visits those from index `from` on, up to
  // `size`, in order. Called on the publisher's thread.
  using LeafReader = absl::AnyInvocable<absl::Status(
      std::uint64_t from, std::uint64_t size,
      absl::FunctionRef<absl::Status(std::string leaf)> visit)>;

  struct Options {
    std::string folder;
    absl::Duration interval = absl::Milliseconds(500);  // between publications
    absl::Duration retry_interval = absl::Seconds(1);
    // Most bytes of leaves that wait in memory; beyond, they are read back.
    std::size_t max_queue_bytes = std::size_t{16} << 20;
  };

  // Starts the thread. `head` is the log's, nullopt where none is durable yet:
  // what of it is not published yet is read back.
  LogPublisher(Options options, LogKeys log, LeafReader read,
               std::optional<tlog::SignedCheckpoint> head);
  // Publishes what it was given, once, and ends.
  ~LogPublisher();
  LogPublisher(const LogPublisher&) = delete;
  LogPublisher& operator=(const LogPublisher&) = delete;

  // Takes the leaves that follow those it was given, and the checkpoint over
  // all of them; both are durable in the log. Never waits for the disk.
  void Offer(std::vector<std::string> leaves,
             std::shared_ptr<const tlog::SignedCheckpoint> checkpoint)
      PSM_EXCLUDES(mu_);

  // The log has changed its key: `log` signs what is offered from now on.
  void Rekey(LogKeys log) PSM_EXCLUDES(mu_);

  // Size of the last tree that was published by this object, or found; 0
  // before.
  std::uint64_t published() PSM_EXCLUDES(mu_);

  // Returns when a tree of at least `size` is published.
  void AwaitPublished(std::uint64_t size) PSM_EXCLUDES(mu_);

 private:
  // What is to be published at once.
  struct Work {
    std::vector<std::string> leaves;  // the last ones before `checkpoint`
    std::shared_ptr<const tlog::SignedCheckpoint> checkpoint;
    std::optional<LogKeys> log;  // other keys than before
  };

  void Run();
  // Waits for work and for the interval; nullopt at the end.
  std::optional<Work> AwaitWork() PSM_EXCLUDES(mu_);
  absl::Status Publish(Work work);
  void Told(const absl::Status& status);

  const Options options_;
  LogKeys log_;
  LeafReader read_;
  std::unique_ptr<tlog::TileFolder> folder_;  // null: to be opened
  bool failing_ = false;

  Mutex mu_;
  CondVar work_;
  CondVar done_;
  Work waiting_ PSM_GUARDED_BY(mu_);
  std::size_t waiting_bytes_ PSM_GUARDED_BY(mu_) = 0;
  std::uint64_t published_ PSM_GUARDED_BY(mu_) = 0;
  bool pacing_ PSM_GUARDED_BY(mu_) = false;  // published a moment ago
  bool stopping_ PSM_GUARDED_BY(mu_) = false;

  std::thread thread_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LOG_PUBLISHER_H_
