#include "mesh/records/record_reader.h"

#include <atomic>
#include <fstream>
#include <thread>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/record_store.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

TEST(RecordReaderTest, AMissingOrEmptyFolderHasNoRecords) {
  TempFolder folder;
  auto none = [](std::uint64_t, const records::v1::Record&) {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(*RecordReader(folder.path()).Read(0, none), 0u);
  EXPECT_EQ(*RecordReader(folder.path() + "/none").Read(0, none), 0u);
}

TEST(RecordReaderTest, FollowsALogThatIsBeingWritten) {
  TempFolder folder;
  SystemClock clock;
  LoopExecutor loop;
  RecordStoreOptions options = TestOptions(folder.path());
  options.segment_bytes = 4096;
  auto store = RecordStore::Open(options, clock, SystemRandom());
  ASSERT_TRUE(store.ok());
  constexpr int kRecords = 300;
  std::atomic<bool> failed = false;
  std::thread reading([&] {
    RecordReader reader(folder.path());
    std::uint64_t next = 0;
    while (next < kRecords && !failed) {
      auto read = reader.Read(
          next, [&](std::uint64_t index, const records::v1::Record& record) {
            EXPECT_EQ(index, next);
            EXPECT_EQ(record.exchange_id(), absl::StrCat("exchange-", index));
            ++next;
            return index % 7 != 0;  // stops early now and then
          });
      EXPECT_TRUE(read.ok()) << read.status();
      if (!read.ok()) break;
      EXPECT_EQ(*read, next);
    }
    EXPECT_EQ(next, static_cast<std::uint64_t>(kRecords));
  });
  for (int i = 0; i < kRecords && !failed; ++i) {
    if (!AppendAndWait(**store, loop, {SampleRecord(i)}).ok()) failed = true;
  }
  reading.join();
  EXPECT_FALSE(failed);
}

TEST(RecordReaderTest, GivesWhatIsSoundBeforeDamage) {
  TempFolder folder;
  SystemClock clock;
  LoopExecutor loop;
  RecordStoreOptions options = TestOptions(folder.path());
  options.segment_bytes = 4096;
  {
    auto store = RecordStore::Open(options, clock, SystemRandom());
    for (int i = 0; i < 30; ++i) {
      ASSERT_TRUE(AppendAndWait(**store, loop, {SampleRecord(i)}).ok());
    }
  }
  std::fstream file(folder.path() + "/segment-000000000002",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(1000);
  file.put('\x55');
  file.close();
  std::uint64_t count = 0;
  auto read = RecordReader(folder.path())
                  .Read(0, [&](std::uint64_t index, const auto&) {
                    EXPECT_EQ(index, count++);
                    return true;
                  });
  EXPECT_EQ(ReasonOf(read.status()), "RECORDS_DAMAGED");
  EXPECT_GT(count, 5u);
  EXPECT_LT(count, 30u);
}

}  // namespace
}  // namespace psm
