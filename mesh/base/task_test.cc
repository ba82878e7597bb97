#include "mesh/base/task.h"

#include <string>

#include "gtest/gtest.h"

namespace psm {
namespace {

Task<int> Now(int value) { co_return value; }

Task<int> Later(Completion<int>* completion) {
  int value = co_await *completion;
  co_return value * 2;
}

TEST(TaskTest, DoesNothingUntilItIsAwaited) {
  bool ran = false;
  auto body = [](bool* flag) -> Task<int> {
    *flag = true;
    co_return 1;
  };
  {
    Task<int> never = body(&ran);
  }
  EXPECT_FALSE(ran);
}

TEST(TaskTest, HandsItsResultToTheStarter) {
  int got = 0;
  Start(Now(7), [&](int value) { got = value; });
  EXPECT_EQ(got, 7);
}

TEST(TaskTest, WaitsForACompletionThatComesLater) {
  Completion<int> completion;
  int got = 0;
  Start(Later(&completion), [&](int value) { got = value; });
  EXPECT_EQ(got, 0);
  completion.Set(21);
  EXPECT_EQ(got, 42);
}

TEST(TaskTest, TakesACompletionThatCameBefore) {
  Completion<int> completion;
  completion.Set(4);
  int got = 0;
  Start(Later(&completion), [&](int value) { got = value; });
  EXPECT_EQ(got, 8);
}

Task<std::string> JoinText(std::vector<Task<int>> tasks) {
  std::string text;
  std::vector<int> values = co_await JoinAll(std::move(tasks));
  for (int value : values) text += std::to_string(value) + " ";
  co_return text;
}

TEST(TaskTest, JoinKeepsTheOrderOfTheTasksAndNotOfTheirEnds) {
  Completion<int> first;
  Completion<int> third;
  std::vector<Task<int>> tasks;
  tasks.push_back(Later(&first));
  tasks.push_back(Now(2));
  tasks.push_back(Later(&third));
  std::string got;
  Start(JoinText(std::move(tasks)), [&](std::string text) { got = text; });
  third.Set(3);
  EXPECT_EQ(got, "");
  first.Set(1);
  EXPECT_EQ(got, "2 2 6 ");
}

TEST(TaskTest, JoinOfNothingAndOfTasksThatEndAtOnceEndsAtOnce) {
  std::string got = "unset";
  Start(JoinText({}), [&](std::string text) { got = text; });
  EXPECT_EQ(got, "");
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(Now(i));
  Start(JoinText(std::move(tasks)), [&](std::string text) { got = text; });
  EXPECT_EQ(got, "0 1 2 ");
}

}  // namespace
}  // namespace psm
