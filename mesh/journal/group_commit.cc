#include "mesh/journal/group_commit.h"

#include <utility>

namespace psm {

GroupCommit::GroupCommit(
    Committing committing,
    std::function<absl::Status(absl::Span<const Item>)> commit)
    : committing_(committing), commit_(std::move(commit)) {
  if (committing_ == Committing::kThread)
    thread_ = std::thread([this] { Run(); });
}

GroupCommit::~GroupCommit() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void GroupCommit::Add(Item item) {
  if (committing_ == Committing::kAtOnce) {
    Commit({std::move(item)});
    return;
  }
  {
    MutexLock lock(mu_);
    waiting_.push_back(std::move(item));
  }
  wake_.NotifyOne();
}

void GroupCommit::Run() {
  std::vector<Item> batch;
  for (;;) {
    {
      MutexLock lock(mu_);
      while (waiting_.empty() && !stopping_) wake_.Wait(mu_);
      if (waiting_.empty()) return;
      batch.swap(waiting_);
    }
    Commit(batch);
    batch.clear();
  }
}

void GroupCommit::Commit(const std::vector<Item>& batch) {
  const absl::Status status = commit_(batch);
  for (const Item& item : batch)
    item.executor->Post([done = item.done, status] { done->Set(status); });
}

}  // namespace psm
