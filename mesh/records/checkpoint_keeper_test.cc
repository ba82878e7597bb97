#include "mesh/records/checkpoint_keeper.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "mesh/records/log_publisher.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

class CheckpointKeeperTest : public ::testing::Test {
 protected:
  CheckpointKeeperTest() : options_(TestOptions(folder_.File("records"))) {
    options_.tiles = folder_.File("log");
    fs::create_directory(folder_.File("elsewhere"));
    options_.kept_checkpoint = folder_.File("elsewhere/checkpoint");
    options_.keep_interval = absl::Milliseconds(5);
  }

  absl::StatusOr<std::unique_ptr<RecordStore>> Open() {
    return RecordStore::Open(options_, clock_, SystemRandom());
  }
  // A life of the log in which `records` are recorded.
  void Live(int records) {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    for (int i = 0; i < records; ++i)
      ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(next_++)}).ok());
  }
  std::uint64_t Kept() {
    const auto bytes = ReadFile(options_.kept_checkpoint);
    if (!bytes.ok()) return 0;
    const auto kept = LogKeys(options_.signer->verifier()).Open(*bytes);
    EXPECT_TRUE(kept.ok()) << kept.status();
    return kept.ok() ? kept->size() : 0;
  }
  void Copy(const std::string& from, const std::string& to) {
    fs::remove_all(folder_.File(to));
    fs::copy(folder_.File(from), folder_.File(to), fs::copy_options::recursive);
  }
  void ExpectRefused(const char* reason = "RECORDS_ROLLED_BACK") {
    const auto store = Open();
    EXPECT_EQ(ReasonOf(store.status()), reason) << store.status();
    EXPECT_NE(store.status().message().find(options_.kept_checkpoint),
              std::string::npos)
        << store.status();
  }

  TempFolder folder_;
  RecordStoreOptions options_;
  SystemClock clock_;
  LoopExecutor loop_;
  int next_ = 0;
};

TEST_F(CheckpointKeeperTest, TheNewestIsKeptWhileTheLogIsWrittenAndAtItsEnd) {
  {
    auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(0)}).ok());
    while (Kept() < 1) std::this_thread::yield();
    ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(1)}).ok());
    while (Kept() < 2) std::this_thread::yield();
    ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(2)}).ok());
  }
  EXPECT_EQ(Kept(), 3u);
}

TEST_F(CheckpointKeeperTest, OlderRecordsAreRefusedAlsoWithoutThePublishedLog) {
  Live(5);
  Copy("records", "old");
  Copy("log", "old-log");
  Live(5);
  Copy("records", "new");
  Copy("log", "new-log");
  ASSERT_EQ(Kept(), 10u);
  for (const bool restored : {false, true}) {
    SCOPED_TRACE(restored);
    Copy("old", "records");
    fs::remove_all(folder_.File("log"));
    if (restored) Copy("old-log", "log");
    ExpectRefused();
    EXPECT_EQ(Kept(), 10u) << "it is not written over";
  }
  fs::remove_all(folder_.File("records"));
  fs::remove_all(folder_.File("log"));
  ExpectRefused();
  // Nothing is wrong with the newest, whatever of it was published.
  Copy("new", "records");
  fs::remove_all(folder_.File("log"));
  Live(1);
  Copy("new", "records");
  Copy("new-log", "log");
  ExpectRefused();
}

// The same number of records, or more, do not make it the same log.
TEST_F(CheckpointKeeperTest, AnotherHistoryIsRefusedHoweverLongItIs) {
  Live(300);  // more than one tile
  Copy("records", "old");
  Copy("log", "old-log");
  Live(2);
  ASSERT_EQ(Kept(), 302u);
  const std::string kept = *ReadFile(options_.kept_checkpoint);
  for (const int more : {2, 3, 40}) {
    for (const bool published : {false, true}) {
      SCOPED_TRACE(more);
      SCOPED_TRACE(published);
      Copy("old", "records");
      Copy("old-log", "log");
      fs::remove(options_.kept_checkpoint);
      Live(more);  // by who holds the log's key
      if (!published) fs::remove_all(folder_.File("log"));
      folder_.Write("elsewhere/checkpoint", kept);
      ExpectRefused();
    }
  }
}

TEST_F(CheckpointKeeperTest, ALogThatHasGrownIsGoneOnWith) {
  Live(300);
  const std::string kept = *ReadFile(options_.kept_checkpoint);
  Copy("log", "old-log");
  Live(250);
  // With all of it published, with less than was kept, and with nothing.
  for (const std::string published : {"new", "old", "none"}) {
    SCOPED_TRACE(published);
    folder_.Write("elsewhere/checkpoint", kept);
    if (published == "old") Copy("old-log", "log");
    if (published == "none") fs::remove_all(folder_.File("log"));
    Live(0);
  }
  Copy("old-log", "log");
  Live(0);
  EXPECT_EQ(Kept(), 550u);
}

TEST_F(CheckpointKeeperTest, WhatIsNoCheckpointOfTheLogIsNamed) {
  Live(2);
  folder_.Write("elsewhere/checkpoint", "none\n");
  auto store = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << store.status();
  EXPECT_NE(store.status().message().find(options_.kept_checkpoint),
            std::string::npos);
  const auto other = NewTestSigner();
  tlog::Checkpoint checkpoint;
  checkpoint.origin = other->verifier().name();
  checkpoint.root = tlog::EmptyRoot();
  folder_.Write("elsewhere/checkpoint",
                tlog::SignedCheckpoint::Make(checkpoint, *other)->ToText());
  ExpectRefused("LOG_KEY_UNKNOWN");
  // A disk that is not mounted is no file that was never written.
  fs::remove_all(folder_.File("elsewhere"));
  store = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << store.status();
}

// Nobody waits for it, and it is said once.
TEST_F(CheckpointKeeperTest, WhatCannotBeKeptIsSaidAndTriedAgain) {
  Live(3);
  const auto newest = std::make_shared<const tlog::SignedCheckpoint>(
      *LogKeys(options_.signer->verifier())
           .Open(*ReadFile(options_.kept_checkpoint)));
  fs::remove_all(folder_.File("elsewhere"));
  testing::internal::CaptureStderr();
  {
    std::atomic<int> tries{0};
    const CheckpointKeeper keeper(
        {options_.kept_checkpoint, options_.keep_interval}, [&] {
          ++tries;
          return newest;
        });
    while (tries < 4) std::this_thread::yield();
    fs::create_directory(folder_.File("elsewhere"));
    while (Kept() < 3) std::this_thread::yield();
  }
  const std::string said = testing::internal::GetCapturedStderr();
  const std::size_t first = said.find("checkpoint_not_kept");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("checkpoint_not_kept", first + 1), std::string::npos);
  EXPECT_NE(said.find("checkpoint_kept"), std::string::npos) << said;
}

}  // namespace
}  // namespace psm
