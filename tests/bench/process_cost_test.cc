#include "tests/bench/process_cost.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace psm::bench {
namespace {

// Works until this process has used so much more processor time.
void Work(absl::Duration how_much) {
  const absl::Duration until = *CpuTime({getpid()}) + how_much;
  while (*CpuTime({getpid()}) < until) {
  }
}

// A child that is there until the test lets go of it.
class Child {
 public:
  Child() : pid_(fork()) {
    if (pid_ == 0) {
      pause();
      _exit(0);
    }
  }
  ~Child() { End(); }
  pid_t pid() const { return pid_; }
  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_;
};

TEST(ProcessCostTest, CountsWorkOfThisProcessAndNotOfOthers) {
  const Child idle;
  const absl::Duration idle_before = *CpuTime({idle.pid()});
  const absl::Duration before = *CpuTime({getpid()});
  Work(absl::Milliseconds(20));
  EXPECT_GE(*CpuTime({getpid()}) - before, absl::Milliseconds(20));
  EXPECT_LT(*CpuTime({idle.pid()}) - idle_before, absl::Milliseconds(20));
}

TEST(ProcessCostTest, ATreeIsAProcessAndItsChildren) {
  const Child child;
  const std::vector<pid_t> tree = ProcessTree(getpid());
  EXPECT_EQ(tree.front(), getpid());
  EXPECT_EQ(std::count(tree.begin(), tree.end(), child.pid()), 1);
  EXPECT_EQ(ProcessTree(child.pid()), std::vector<pid_t>{child.pid()});
}

TEST(ProcessCostTest, ThePeakOfMemoryStaysUntilItIsForgotten) {
  constexpr std::size_t kBytes = 32 << 20;
  ResetPeakMemory({getpid()});
  const std::int64_t before = *PeakMemoryKib({getpid()});
  {
    auto block = std::make_unique<volatile char[]>(kBytes);
    for (std::size_t i = 0; i < kBytes; i += 4096) block[i] = 1;
  }
  EXPECT_GE(*PeakMemoryKib({getpid()}), before + (24 << 10));
}

TEST(ProcessCostTest, SaysWhenAProcessHasEnded) {
  Child child;
  const pid_t pid = child.pid();
  child.End();
  EXPECT_EQ(CpuTime({getpid(), pid}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(PeakMemoryKib({getpid(), pid}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace psm::bench
