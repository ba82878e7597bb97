#include "mesh/journal/group_commit.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace psm {
namespace {

// Takes posts of other threads; runs them in the test's.
class WaitingExecutor : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> work) override {
    MutexLock lock(mu_);
    queue_.push_back(std::move(work));
    posted_.NotifyAll();
  }
  void RunOne() {
    absl::AnyInvocable<void()> work;
    {
      MutexLock lock(mu_);
      while (queue_.empty()) posted_.Wait(mu_);
      work = std::move(queue_.front());
      queue_.erase(queue_.begin());
    }
    work();
  }

 private:
  Mutex mu_;
  CondVar posted_;
  std::vector<absl::AnyInvocable<void()>> queue_ PSM_GUARDED_BY(mu_);
};

TEST(GroupCommitTest, WhatComesDuringACommitIsOneCommitTogether) {
  Mutex mu;
  CondVar changed;
  bool may_go = false;
  bool inside = false;
  std::vector<std::size_t> sizes;
  WaitingExecutor executor;
  Completion<absl::Status> done[4];
  {
    GroupCommit commits(
        Committing::kThread,
        [&](absl::Span<const GroupCommit::Item> items) -> absl::Status {
          MutexLock lock(mu);
          inside = true;
          changed.NotifyAll();
          while (!may_go) changed.Wait(mu);
          sizes.push_back(items.size());
          return absl::OkStatus();
        });
    commits.Add({"a", &executor, &done[0]});
    {
      MutexLock lock(mu);
      while (!inside) changed.Wait(mu);
    }
    for (int i = 1; i < 4; ++i) commits.Add({"b", &executor, &done[i]});
    {
      MutexLock lock(mu);
      may_go = true;
    }
    changed.NotifyAll();
    for (int i = 0; i < 4; ++i) executor.RunOne();
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 3}));
  for (auto& one : done) EXPECT_TRUE(one.await_ready());
}

TEST(GroupCommitTest, AFailureIsToldToAllWhoWereInIt) {
  WaitingExecutor executor;
  Completion<absl::Status> done;
  GroupCommit commits(Committing::kAtOnce,
                      [](absl::Span<const GroupCommit::Item>) {
                        return absl::UnavailableError("no disk");
                      });
  commits.Add({"a", &executor, &done});
  executor.RunOne();
  ASSERT_TRUE(done.await_ready());
  EXPECT_TRUE(absl::IsUnavailable(done.await_resume()));
}

}  // namespace
}  // namespace psm
