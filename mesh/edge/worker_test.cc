#include "mesh/edge/worker.h"

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace psm::edge {
namespace {

class WorkerTest : public testing::Test {
 protected:
  SystemClock clock_;
  Worker worker_{clock_, 0};
};

TEST_F(WorkerTest, RunsPostsOfManyThreadsEachInItsOwnOrder) {
  std::vector<std::vector<int>> seen(4);
  std::promise<void> all;
  int left = 4 * 1000;
  worker_.Start();
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        worker_.Post([&, t, i] {
          EXPECT_TRUE(worker_.OnThisThread());
          seen[t].push_back(i);
          if (--left == 0) all.set_value();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  all.get_future().wait();
  for (const std::vector<int>& order : seen) {
    ASSERT_EQ(order.size(), 1000u);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[std::size_t(i)], i);
  }
}

TEST_F(WorkerTest, PostNeverRunsTheWorkBeforeItReturns) {
  std::promise<bool> ran_inside;
  worker_.Start();
  worker_.Post([&] {
    bool inner = false;
    auto flag = std::make_shared<bool>(false);
    worker_.Post([flag] { *flag = true; });
    inner = *flag;
    ran_inside.set_value(inner);
  });
  EXPECT_FALSE(ran_inside.get_future().get());
}

struct CountingEnd final : Worker::TurnEnd {
  void EndTurn() override {
    ++ends;
    if (then) then();
  }
  int ends = 0;
  absl::AnyInvocable<void()> then;
};

TEST_F(WorkerTest, TheEndOfATurnComesOnceAfterAllWorkOfABurst) {
  CountingEnd end;
  std::promise<int> work_before_end;
  int work = 0;
  end.then = [&] { work_before_end.set_value(work); };
  for (int i = 0; i < 10; ++i) {
    worker_.Post([&] {
      ++work;
      worker_.AtTurnEnd(end);
    });
  }
  worker_.Start();
  EXPECT_EQ(work_before_end.get_future().get(), 10);
  EXPECT_EQ(end.ends, 1);
}

TEST_F(WorkerTest, AForgottenEndDoesNotComeEvenWhenAnotherEndForgetsIt) {
  CountingEnd first;
  CountingEnd second;
  std::promise<void> done;
  first.then = [&] { worker_.Forget(second); };
  worker_.Post([&] {
    worker_.AtTurnEnd(first);
    worker_.AtTurnEnd(second);
  });
  worker_.Start();
  CountingEnd last;
  last.then = [&] { done.set_value(); };
  worker_.Post([&] { worker_.AtTurnEnd(last); });
  done.get_future().wait();
  EXPECT_EQ(first.ends, 1);
  EXPECT_EQ(second.ends, 0);
}

TEST_F(WorkerTest, TimersFireOnTheWorkerAndAnEarlierOneOvertakes) {
  std::promise<std::string> order;
  std::string text;
  Timer late(worker_.timers(), [&] {
    text += "late";
    order.set_value(text);
  });
  Timer early(worker_.timers(), [&] { text += "early "; });
  Timer never(worker_.timers(), [&] { text += "never "; });
  worker_.Post([&] {
    late.Set(absl::Milliseconds(40));
    never.Set(absl::Milliseconds(20));
    early.Set(absl::Milliseconds(10));
    never.Cancel();
  });
  worker_.Start();
  EXPECT_EQ(order.get_future().get(), "early late");
  worker_.Stop();
  worker_.Join();
}

TEST_F(WorkerTest, WorkThatNeverRanIsDestroyedWithTheWorker) {
  auto token = std::make_shared<int>(1);
  {
    Worker idle(clock_, 1);
    idle.Post([token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace psm::edge
