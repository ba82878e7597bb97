#include "mesh/gateway/file_follower.h"

#include <chrono>

#include "gtest/gtest.h"

namespace psm {
namespace {

// What the follower sees and does, watched from the test's thread.
class Watched {
 public:
  std::string Fingerprint() {
    MutexLock lock(mu_);
    ++looks_;
    moved_.NotifyAll();
    return fingerprint_;
  }
  void Changed() {
    MutexLock lock(mu_);
    ++changes_;
    moved_.NotifyAll();
  }
  void Set(std::string fingerprint) {
    MutexLock lock(mu_);
    fingerprint_ = std::move(fingerprint);
  }
  // Waits for that many more looks; the number of changes acted on by then.
  int ChangesAfterLooks(int looks) {
    MutexLock lock(mu_);
    const int until = looks_ + looks;
    while (looks_ < until) moved_.Wait(mu_);
    return changes_;
  }
  bool AwaitChanges(int changes) {
    MutexLock lock(mu_);
    while (changes_ < changes) {
      if (!moved_.WaitFor(mu_, std::chrono::seconds(20))) return false;
    }
    return true;
  }

 private:
  Mutex mu_;
  CondVar moved_;
  std::string fingerprint_ PSM_GUARDED_BY(mu_) = "first";
  int looks_ PSM_GUARDED_BY(mu_) = 0;
  int changes_ PSM_GUARDED_BY(mu_) = 0;
};

TEST(FileFollowerTest, ActsOnceOnAChangeAndNotOnNothing) {
  Watched watched;
  FileFollower follower([&] { return watched.Fingerprint(); },
                        [&] { watched.Changed(); });
  follower.Start();
  EXPECT_EQ(watched.ChangesAfterLooks(3), 0);
  watched.Set("second");
  EXPECT_TRUE(watched.AwaitChanges(1));
  EXPECT_EQ(watched.ChangesAfterLooks(3), 1);
}

TEST(FileFollowerTest, WhatChangedBeforeItStartedIsActedOn) {
  Watched watched;
  FileFollower follower([&] { return watched.Fingerprint(); },
                        [&] { watched.Changed(); });
  watched.Set("second");
  follower.Start();
  EXPECT_TRUE(watched.AwaitChanges(1));
}

TEST(FileFollowerTest, EndsWithoutHavingBegun) {
  Watched watched;
  FileFollower follower([&] { return watched.Fingerprint(); },
                        [&] { watched.Changed(); });
}

}  // namespace
}  // namespace psm
