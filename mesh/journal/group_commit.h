// Lets one write and one sync of the disk serve all who wait for it. Knows
// nothing of what is written.
#ifndef PSM_MESH_JOURNAL_GROUP_COMMIT_H_
#define PSM_MESH_JOURNAL_GROUP_COMMIT_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/base/task.h"

namespace psm {

// Who commits.
enum class Committing {
  kThread,  // one of its own: nobody waits for the disk in his own thread
  kAtOnce,  // whoever adds: for tests and tools
};

// Thread-safe.
class GroupCommit {
 public:
  // One entry, and who is told when it is durable, or why it is not.
  struct Item {
    std::string entry;
    Executor* executor;
    Completion<absl::Status>* done;
  };

  // `commit` makes all entries durable or none, and puts them into force; it is
  // called by one thread at a time, with what came since the last time, in the
  // order of Add.
  GroupCommit(Committing committing,
              std::function<absl::Status(absl::Span<const Item>)> commit);
  // Commits what waits; the executors must be there still.
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // `item.done` is set on its executor, exactly once; both must live until
  // then.
  void Add(Item item) PSM_EXCLUDES(mu_);

 private:
  void Run() PSM_EXCLUDES(mu_);
  void Commit(const std::vector<Item>& batch);

  const Committing committing_;
  const std::function<absl::Status(absl::Span<const Item>)> commit_;
  Mutex mu_;
  CondVar wake_;
  std::vector<Item> waiting_ PSM_GUARDED_BY(mu_);
  bool stopping_ PSM_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace psm

#endif  // PSM_MESH_JOURNAL_GROUP_COMMIT_H_
