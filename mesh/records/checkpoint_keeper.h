// A checkpoint of the log that its writer keeps outside of the log's own
// folders, and what it is good for: older records are not gone on with,
// although the published log was restored, or removed, with them.
#ifndef PSM_MESH_RECORDS_CHECKPOINT_KEEPER_H_
#define PSM_MESH_RECORDS_CHECKPOINT_KEEPER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/records/log_head.h"
#include "mesh/records/log_keys.h"
#include "mesh/records/segment_folder.h"
#include "mesh/records/tlog/checkpoint.h"

namespace psm {

// Whether the log in `records`, which ends in `head` (nullopt: without any
// record), is the one of the checkpoint in `file`, or has grown from it. Reads
// the records behind that checkpoint, and for what lies before it the right
// edge of the tree in the published log, `tiles`; where that has not got it,
// all records. Nothing of what it reads is believed but for two roots that it
// leads to: the kept one and the head's, both signed.
//
// OK where there is no such file. Each error names the file and says what to
// do: DATA_LOSS RECORDS_ROLLED_BACK where the log is shorter, another, or not
// shown to be the same; FAILED_PRECONDITION LOG_KEY_UNKNOWN where the keys of
// the log do not lead to the one that signed it; FAILED_PRECONDITION where it
// is no checkpoint of this log; or the operating system's.
absl::Status CheckKeptCheckpoint(const std::string& file, const LogKeys& keys,
                                 const std::optional<LogHead>& head,
                                 SegmentFolder& records,
                                 const std::string& tiles);

// Keeps the newest checkpoint in a file, durably, as it stands in a signed note
// (C2SP tlog-checkpoint): a thread of its own writes it where it is another one
// than before, once an interval. Nobody waits for it. What cannot be written is
// tried again; the log lines checkpoint_not_kept (error) and checkpoint_kept
// say so once each. Thread-safe.
class CheckpointKeeper {
 public:
  struct Options {
    std::string file;  // its folder must be there: nobody makes it
    absl::Duration interval = absl::Seconds(1);
  };
  using Newest = std::function<std::shared_ptr<const tlog::SignedCheckpoint>()>;

  // `newest` gives what is durable, null before the first; called on the
  // keeper's thread.
  CheckpointKeeper(Options options, Newest newest);
  // Keeps the last one, once, and ends.
  ~CheckpointKeeper();
  CheckpointKeeper(const CheckpointKeeper&) = delete;
  CheckpointKeeper& operator=(const CheckpointKeeper&) = delete;

 private:
  void Run() PSM_EXCLUDES(mu_);
  void Keep();

  const Options options_;
  const Newest newest_;
  // Owned by the thread.
  std::shared_ptr<const tlog::SignedCheckpoint> kept_;
  bool failing_ = false;

  Mutex mu_;
  CondVar stop_;
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_CHECKPOINT_KEEPER_H_
