#include "mesh/events/event_queue.h"

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

class RunsAtOnce : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> work) override { work(); }
};

class EventQueueTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    queue_.reset();
    EventQueueOptions options;
    options.folder = folder_.path() + "/events";
    options.retention = absl::Hours(8);
    options.segment = 10;
    options.most = 35;
    auto opened = EventQueue::Open(
        options,
        SubjectScopes::Create(SecretBytes(std::string(32, 'k'))).value(),
        clock_, Committing::kAtOnce);
    ASSERT_TRUE(opened.ok()) << opened.status();
    queue_ = *std::move(opened);
  }
  absl::Status Publish(const std::string& id,
                       const std::string& type = "moved_in") {
    LifeEvent event;
    event.key = EventQueue::KeyOf("akatsuki/residents", id);
    event.person = *PersonNumber::FromBytes("ABCDEFGHIJ");
    event.type = type;
    event.publisher = "akatsuki/residents";
    event.effective_date = "2026-04-01";
    Completion<absl::Status> done;
    queue_->Publish(event, executor_, &done);
    return done.await_resume();
  }
  std::size_t Files() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(folder_.path() + "/events"))
      ++count;
    return count;
  }

  TempFolder folder_;
  RunsAtOnce executor_;
  ManualClock clock_{absl::FromUnixSeconds(1790000000)};
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(EventQueueTest, WhatWasPublishedOutlivesTheProcess) {
  ASSERT_TRUE(Publish("1").ok());
  ASSERT_TRUE(Publish("2", "born").ok());
  for (int i = 0; i < 2; ++i) {
    auto events = queue_->Read(0, 10);
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_EQ(events->size(), 2u);
    EXPECT_EQ((*events)[0].sequence, 1u);
    EXPECT_EQ((*events)[0].type, "moved_in");
    EXPECT_EQ((*events)[0].effective_date, "2026-04-01");
    EXPECT_EQ((*events)[0].publisher, "akatsuki/residents");
    EXPECT_EQ((*events)[0].publish_time, clock_.Now());
    EXPECT_EQ((*events)[0].person, *PersonNumber::FromBytes("ABCDEFGHIJ"));
    EXPECT_EQ((*events)[1].type, "born");
    Reopen();
  }
  EXPECT_EQ(queue_->last_sequence(), 2u);
  EXPECT_TRUE(queue_->Read(2, 10)->empty());
}

TEST_F(EventQueueTest, OneKeyIsOneEventAlsoAfterARestart) {
  ASSERT_TRUE(Publish("1").ok());
  ASSERT_TRUE(Publish("1").ok());
  Reopen();
  ASSERT_TRUE(Publish("1").ok());
  EXPECT_EQ(queue_->last_sequence(), 1u);
}

TEST_F(EventQueueTest, ReadsAcrossFilesAndAsManyAsWanted) {
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(Publish(absl::StrCat(i)).ok());
  EXPECT_EQ(Files(), 3u);
  Reopen();
  auto events = queue_->Read(8, 5);
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ((*events)[i].sequence, 9 + i);
}

TEST_F(EventQueueTest, WhoComesTooLateIsToldAndNumbersGoOn) {
  ASSERT_TRUE(Publish("1").ok());
  clock_.Advance(absl::Hours(9));
  ASSERT_TRUE(Publish("2").ok());
  EXPECT_EQ(Files(), 1u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ReasonOf(queue_->Read(0, 10).status()), "EVENTS_EXPIRED");
    ASSERT_EQ(queue_->Read(1, 10)->size(), 1u);
    EXPECT_EQ(queue_->Read(1, 10)->front().sequence, 2u);
    Reopen();
  }
  // Nothing is known of what lies ahead: another queue's numbers.
  EXPECT_EQ(ReasonOf(queue_->Read(3, 10).status()), "EVENTS_EXPIRED");
}

TEST_F(EventQueueTest, KeepsNoMoreThanItMay) {
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Publish(absl::StrCat(i)).ok());
  EXPECT_LE(Files(), 4u);
  EXPECT_EQ(queue_->last_sequence(), 200u);
  EXPECT_FALSE(queue_->Read(100, 1).ok());
  EXPECT_TRUE(queue_->Read(190, 1).ok());
}

TEST_F(EventQueueTest, TellsThoseWhoListenUntilTheyDoNot) {
  int heard = 0;
  const int listener = queue_->Listen(executor_, [&] { ++heard; });
  ASSERT_TRUE(Publish("1").ok());
  EXPECT_EQ(heard, 1);
  queue_->Forget(listener);
  ASSERT_TRUE(Publish("2").ok());
  EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace psm
