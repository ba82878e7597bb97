// A log changes its key: what was signed before stays good, and a crash at any
// step loses neither the log nor the key.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/log_key.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/log_rotation_fixture.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

TEST_F(LogRotationTest, OldAndNewAreFollowedFromTheFirstKey) {
  Live(5);
  EXPECT_EQ(Audit().entries, 5u);
  const auto old = PublishedCheckpoint(options_.tiles, *first_);
  ASSERT_TRUE(old.ok() && old->has_value());
  const std::string old_key = others_.Read("log.pem");
  BeginRotation();
  Live(0);
  EXPECT_EQ(Rotations(), std::vector<std::uint64_t>{5});
  EXPECT_EQ(Audit().rotations, 1u);
  Live(5);
  EXPECT_EQ(Audit().entries, 11u);
  EXPECT_NE(others_.Read("log.pem"), old_key) << "the old key is gone";
  EXPECT_FALSE(fs::exists(Key() + ".next"));

  // The tree as it is now is the new key's; the old one signs it no more.
  EXPECT_FALSE(PublishedCheckpoint(options_.tiles, *first_).ok());
  const auto keys = ReadLogKeys(Key() + ".vkey");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_TRUE(PublishedCheckpoint(options_.tiles, *keys).ok());
  EXPECT_TRUE(keys->Open((*old)->ToText()).ok()) << "old checkpoints verify";

  // And again, one upon the other.
  for (int i = 0; i < 3; ++i) {
    BeginRotation();
    Live(0);
  }
  Live(2);
  EXPECT_EQ(Audit().rotations, 4u);
  EXPECT_EQ(Rotations(), (std::vector<std::uint64_t>{5, 11, 12, 13}));
}

TEST_F(LogRotationTest, ANewLogMayBeginWithOne) {
  BeginRotation();
  Live(3);
  EXPECT_EQ(Audit().entries, 4u);
  EXPECT_EQ(Rotations(), std::vector<std::uint64_t>{0});
}

TEST_F(LogRotationTest, ALogThatRunsChangesItsKeyAndRefusesNothing) {
  std::vector<std::unique_ptr<PendingAppend>> appends;
  const auto all_told = [&] {
    return std::all_of(appends.begin(), appends.end(), [](const auto& append) {
      return append->status.has_value();
    });
  };
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    for (std::size_t rotation = 1; rotation <= 3; ++rotation) {
      for (int i = 0; i < 100; ++i) {
        if (i == 30) Rotate(**store);
        appends.push_back(std::make_unique<PendingAppend>());
        appends.back()->Start(**store, loop_, {SampleRecord(next_++)});
      }
      loop_.RunUntil(all_told);
      AppendUntilRotated(**store, rotation);
    }
  }
  const LogKeys keys = Keys();
  ASSERT_EQ(keys.rotations().size(), 3u);
  for (const auto& append : appends) {
    ASSERT_TRUE(append->status->ok()) << *append->status;
    // What whoever holds it needs: the checkpoint, by the key of its time.
    const std::string head = append->recorded.checkpoint->ToText();
    EXPECT_TRUE(keys.Open(head).ok());
  }
  EXPECT_EQ(Rotations().size(), 3u);
  EXPECT_EQ(Audit().rotations, 3u);
  Live(1);
  EXPECT_EQ(Audit().entries, static_cast<std::uint64_t>(next_) + 3);
}

// An idle log, too: nobody has to append for it.
TEST_F(LogRotationTest, AnIdleLogChangesItsKey) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  Rotate(**store);
  while (Keys().rotations().empty()) std::this_thread::yield();
  EXPECT_EQ(Rotations(), std::vector<std::uint64_t>{0});
}

TEST_F(LogRotationTest, ACrashAtAnyStepIsGoneOnFrom) {
  Live(3);
  Audit();
  std::vector<std::uint64_t> expected;
  for (const int step : {1, 2, 3}) {
    BeginRotation();
    DieIn(step);
    expected.push_back(Rotations().back());
    Live(2);
    EXPECT_EQ(Rotations(), expected) << "no second one, step " << step;
    EXPECT_EQ(Audit().rotations, expected.size());
  }
}

TEST_F(LogRotationTest, WithoutRoomTheOldKeyGoesOnAndItIsTriedAgain) {
  Live(3);
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    fail_to_prepare_ = 1000000;
    Rotate(**store);
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(next_++)}).ok());
    EXPECT_TRUE(Keys().rotations().empty());
    fail_to_prepare_ = 0;
    AppendUntilRotated(**store, 1);
  }
  Audit();
  BeginRotation();
  WriteQuota("0\n");
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_FALSE((*store)->Health().ok());
    EXPECT_EQ(Keys().rotations().size(), 1u);
    RemoveQuota();
    while (!(*store)->Health().ok()) std::this_thread::yield();
    AppendUntilRotated(**store, 2);
  }
  EXPECT_EQ(Audit().rotations, 2u);
}

// Between the record and the key in force neither key may sign.
TEST_F(LogRotationTest, NothingIsSignedUntilTheNewKeyIsInForce) {
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  fail_in_force_ = 1000000;
  Rotate(**store);
  absl::Status refused;
  do {
    refused = AppendAndWait(**store, loop_, {SampleRecord(next_)});
    if (refused.ok()) ++next_;
  } while (refused.ok());
  EXPECT_EQ(ReasonOf(refused), "RECORD_NOT_DURABLE");
  EXPECT_FALSE((*store)->Health().ok());
  EXPECT_EQ((*store)->Checkpoint()->size(),
            static_cast<std::uint64_t>(next_) + 1)
      << "up to the rotation, by the old key";
  EXPECT_TRUE(first_->Open((*store)->Checkpoint()->ToText()).ok());
  EXPECT_EQ(Rotations(),
            std::vector<std::uint64_t>{static_cast<std::uint64_t>(next_)});
  fail_in_force_ = 0;
  while (!(*store)->Health().ok()) std::this_thread::yield();
  AppendUntilRotated(**store, 1);
  store->reset();
  EXPECT_EQ(Rotations().size(), 1u);
  EXPECT_EQ(Audit().rotations, 1u);
}

}  // namespace
}  // namespace psm
