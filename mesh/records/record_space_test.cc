// A record store on a disk that fills up, and gets room again.
#include <thread>

#include "gmock/gmock.h"
#include "mesh/base/error.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

using ::testing::ElementsAre;

using RecordSpaceTest = RecordStoreFixture;

TEST_F(RecordSpaceTest, AFullDiskRefusesAndSpaceRecovers) {
  auto store = OpenStore();
  ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(1)}).ok());
  WriteQuota("0\n");
  EXPECT_EQ(ReasonOf(AppendAndWait(*store, loop_, {SampleRecord(2)})),
            "RECORD_NOT_DURABLE");
  EXPECT_EQ(ReasonOf(store->Health()), "RECORD_NOT_DURABLE");
  EXPECT_EQ(ReasonOf(AppendAndWait(*store, loop_, {SampleRecord(3)})),
            "RECORD_NOT_DURABLE");
  EXPECT_THAT(Ids(*store), ElementsAre("exchange-1"));
  RemoveQuota();
  // No restart, and no append either: the store tries by itself.
  while (!store->Health().ok()) std::this_thread::yield();
  EXPECT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(4)}).ok());
  EXPECT_THAT(Ids(*store), ElementsAre("exchange-4", "exchange-1"));
  store.reset();
  EXPECT_THAT(Ids(*OpenStore()), ElementsAre("exchange-4", "exchange-1"));
}

TEST_F(RecordSpaceTest, OpensOnAFullDiskAndRecovers) {
  {
    ASSERT_TRUE(AppendAndWait(*OpenStore(), loop_, {SampleRecord(1)}).ok());
  }
  WriteQuota("0");
  auto store = OpenStore();
  EXPECT_EQ(ReasonOf(store->Health()), "RECORD_NOT_DURABLE");
  EXPECT_EQ(ReasonOf(AppendAndWait(*store, loop_, {SampleRecord(2)})),
            "RECORD_NOT_DURABLE");
  // A restart in this state loses nothing either.
  store.reset();
  store = OpenStore();
  RemoveQuota();
  while (!store->Health().ok()) std::this_thread::yield();
  EXPECT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(3)}).ok());
  EXPECT_THAT(Ids(*store), ElementsAre("exchange-3", "exchange-1"));
}

// The record of an exchange that the last life ended with is not there for a
// retry to find until it has room again: no answer is better than "none".
TEST_F(RecordSpaceTest, OnAFullDiskNobodyIsToldThatTheLastRecordsAreNotThere) {
  records::v1::Record record = SampleRecord(1);
  SetTimestamp(clock_.Now(), record.mutable_ask_time());  // ids age
  ASSERT_TRUE(AppendAndWait(*OpenStore(), loop_, {record}).ok());
  const auto find = [&](RecordLog& log) {
    return log.FindExchange(record.consumer(), record.exchange_id(),
                            absl::InfinitePast());
  };
  WriteQuota("0");
  auto store = OpenStore();
  EXPECT_EQ(ReasonOf(find(*store).status()), "RECORDS_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(store->List({}).status()), "RECORDS_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(store->Prove(0, 1).status()), "RECORDS_UNAVAILABLE");
  RemoveQuota();
  while (!store->Health().ok()) std::this_thread::yield();
  const auto found = find(*store);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->size(), 1u);
}

TEST_F(RecordSpaceTest, TheQuotaOfTheOptionsHoldsWithoutAFile) {
  options_.max_total_bytes = 6000;
  auto store = OpenStore();
  int appended = 0;
  while (AppendAndWait(*store, loop_, {SampleRecord(appended)}).ok()) {
    ASSERT_LT(++appended, 100);
  }
  EXPECT_GT(appended, 5);
  WriteQuota("1000000");
  while (!store->Health().ok()) std::this_thread::yield();
  EXPECT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(appended)}).ok());
  EXPECT_EQ(Ids(*store).size(), static_cast<std::size_t>(appended) + 1);
}

TEST_F(RecordSpaceTest, RestartsWithoutAppendsTakeNoSpace) {
  {
    ASSERT_TRUE(AppendAndWait(*OpenStore(), loop_, {SampleRecord(1)}).ok());
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Ids(*OpenStore()), ElementsAre("exchange-1"));
  }
  EXPECT_LE(CountSegments(), 4);
}

}  // namespace
}  // namespace psm
