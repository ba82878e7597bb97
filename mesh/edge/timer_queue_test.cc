#include "mesh/edge/timer_queue.h"

#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace psm::edge {
namespace {

class TimerQueueTest : public testing::Test {
 protected:
  ManualClock clock_{absl::UnixEpoch()};
  TimerQueue queue_{clock_};
};

TEST_F(TimerQueueTest, FiresOnceWhenItsTimeHasComeAndNotBefore) {
  int fired = 0;
  Timer timer(queue_, [&] { ++fired; });
  timer.Set(absl::Seconds(1));
  clock_.Advance(absl::Seconds(1) - absl::Nanoseconds(1));
  queue_.RunDue();
  EXPECT_EQ(fired, 0);
  clock_.Advance(absl::Nanoseconds(1));
  queue_.RunDue();
  queue_.RunDue();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.is_set());
  EXPECT_EQ(queue_.Next(), absl::InfiniteDuration());
}

TEST_F(TimerQueueTest, FiresInTheOrderOfDeadlinesWhateverTheOrderOfSetting) {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<int> fired;
  for (int i = 0; i < 500; ++i) {
    int due = static_cast<int>(random() % 1000);
    timers.push_back(std::make_unique<Timer>(
        queue_, [&fired, due] { fired.push_back(due); }));
    timers.back()->Set(absl::Milliseconds(due));
  }
  // A third goes away by cancelling, a third by destruction.
  std::size_t left = timers.size();
  for (std::size_t i = 0; i < 300; ++i) {
    std::size_t at = random() % timers.size();
    if (!timers[at] || !timers[at]->is_set()) continue;
    if (i % 2 == 0) {
      timers[at]->Cancel();
    } else {
      timers[at].reset();
    }
    --left;
  }
  EXPECT_EQ(queue_.size(), left);
  clock_.Advance(absl::Seconds(1));
  queue_.RunDue();
  EXPECT_EQ(fired.size(), left);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

TEST_F(TimerQueueTest, ATimerMayDestroyItselfAndOthersWhenItFires) {
  int fired = 0;
  auto other = std::make_unique<Timer>(queue_, [&] { ++fired; });
  std::unique_ptr<Timer> self;
  self = std::make_unique<Timer>(queue_, [&] {
    ++fired;
    other.reset();
    self.reset();
  });
  self->Set(absl::Milliseconds(1));
  other->Set(absl::Milliseconds(2));
  clock_.Advance(absl::Milliseconds(5));
  queue_.RunDue();
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(TimerQueueTest, ATimerThatSetsItselfForAtOnceDoesNotHoldTheLoop) {
  int fired = 0;
  Timer timer(queue_, [&] { ++fired; });
  Timer again(queue_, [&] {
    ++fired;
    again.Set(absl::ZeroDuration());
  });
  again.Set(absl::ZeroDuration());
  queue_.RunDue();
  EXPECT_EQ(fired, 1);
  clock_.Advance(absl::Nanoseconds(1));
  queue_.RunDue();
  EXPECT_EQ(fired, 2);
}

TEST_F(TimerQueueTest, TellsTheLoopOnlyWhenTheEarliestMovesForward) {
  int told = 0;
  queue_.OnEarlier([&] { ++told; });
  Timer a(queue_, [] {});
  Timer b(queue_, [] {});
  a.Set(absl::Seconds(10));
  EXPECT_EQ(told, 1);
  b.Set(absl::Seconds(20));
  EXPECT_EQ(told, 1);
  b.Set(absl::Seconds(5));
  EXPECT_EQ(told, 2);
  b.Cancel();
  EXPECT_EQ(told, 2);
  EXPECT_EQ(queue_.Next(), clock_.Monotonic() + absl::Seconds(10));
}

TEST_F(TimerQueueTest, AnInfiniteOrHugeTimeNeverComes) {
  Timer never(queue_, [] { FAIL(); });
  never.Set(absl::InfiniteDuration());
  EXPECT_FALSE(never.is_set());
  never.Set(absl::Hours(24) * 365 * 1000);
  EXPECT_TRUE(never.is_set());
  clock_.Advance(absl::Hours(24) * 365 * 10);
  queue_.RunDue();
  EXPECT_TRUE(never.is_set());
}

}  // namespace
}  // namespace psm::edge
