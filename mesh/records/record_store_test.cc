#include "mesh/records/record_store.h"

#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "mesh/base/error.h"
#include "mesh/records/record_store_fixture.h"

namespace psm {
namespace {

using ::testing::IsEmpty;

using RecordStoreTest = RecordStoreFixture;

TEST_F(RecordStoreTest, FindsAfterRestartWhatWasAcknowledged) {
  std::vector<std::string> expected;
  for (int life = 0; life < 4; ++life) {
    auto store = OpenStore();
    EXPECT_EQ(Ids(*store), expected);
    for (int i = 0; i < 30; ++i) {  // several segments of 8 KiB
      int id = life * 30 + i;
      ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(id)}).ok());
      expected.insert(expected.begin(), absl::StrCat("exchange-", id));
    }
    EXPECT_EQ(Ids(*store), expected);
    EXPECT_EQ(store->figures().records, expected.size());
  }
}

TEST_F(RecordStoreTest, GivesBackEveryFieldAndStampsTheRecordTime) {
  auto store = OpenStore();
  records::v1::Record sent = SampleRecord(1);
  const absl::Time before =
      absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()));
  ASSERT_TRUE(AppendAndWait(*store, loop_, {sent}).ok());
  auto page = store->List({});
  ASSERT_TRUE(page.ok());
  records::v1::Record got = page->records.at(0);
  EXPECT_GE(got.record_time().seconds(), absl::ToUnixSeconds(before));
  got.clear_record_time();
  EXPECT_EQ(got.SerializeAsString(), sent.SerializeAsString());
}

TEST_F(RecordStoreTest, OneAppendOfManyIsOneFrame) {
  auto store = OpenStore();
  ASSERT_TRUE(AppendAndWait(*store, loop_,
                            {SampleRecord(1, "a"), SampleRecord(2, "b"),
                             SampleRecord(3, "a")})
                  .ok());
  RecordQuery query;
  query.subject = "a";
  auto page = store->List(query);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[0].exchange_id(), "exchange-3");
  EXPECT_EQ(page->records[1].exchange_id(), "exchange-1");
  EXPECT_EQ(store->figures().commits, 1u);
}

TEST_F(RecordStoreTest, ManyThreadsAppendAndFindTheirOwnAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 60;
  auto store = OpenStore();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      LoopExecutor loop;
      const std::string subject = absl::StrCat("subject-", t);
      RecordQuery query;
      query.subject = subject;
      for (int i = 0; i < kEach; ++i) {
        const int number = t * kEach + i;
        EXPECT_TRUE(
            AppendAndWait(*store, loop, {SampleRecord(number, subject)}).ok());
        // Who was told finds the record.
        auto page = store->List(query);
        ASSERT_TRUE(page.ok()) << page.status();
        ASSERT_EQ(page->records.size(), static_cast<std::size_t>(i) + 1);
        EXPECT_EQ(page->records[0].exchange_id(),
                  absl::StrCat("exchange-", number));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->figures().records, kThreads * kEach);
}

TEST_F(RecordStoreTest, ADestroyedStoreHasTakenWhatWaited) {
  std::vector<PendingAppend> appends(20);
  {
    auto store = OpenStore();
    for (int i = 0; i < 20; ++i) {
      appends[static_cast<std::size_t>(i)].Start(*store, loop_,
                                                 {SampleRecord(i)});
    }
  }
  for (PendingAppend& append : appends) {
    loop_.RunUntil([&] { return append.status.has_value(); });
    EXPECT_TRUE(append.status->ok());
  }
  EXPECT_EQ(Ids(*OpenStore()).size(), 20u);
}

TEST_F(RecordStoreTest, RefusesASecondProcess) {
  auto store = OpenStore();
  auto second = RecordStore::Open(options_, clock_, SystemRandom());
  EXPECT_EQ(ReasonOf(second.status()), "RECORDS_IN_USE");
  store.reset();
  EXPECT_NE(OpenStore(), nullptr);
}

TEST_F(RecordStoreTest, RefusesAppendsThatCannotFit) {
  auto store = OpenStore();
  records::v1::Record large = SampleRecord(1);
  large.set_reason(std::string(options_.segment_bytes, 'x'));
  EXPECT_EQ(ReasonOf(AppendAndWait(*store, loop_, {large})),
            "RECORD_NOT_DURABLE");
  EXPECT_EQ(ReasonOf(AppendAndWait(*store, loop_, {})), "RECORD_NOT_DURABLE");
  EXPECT_TRUE(store->Health().ok());
  EXPECT_THAT(Ids(*store), IsEmpty());
  // The largest that does fit goes alone into a segment.
  records::v1::Record fits = SampleRecord(2);
  fits.set_reason(
      std::string(options_.segment_bytes - 800 - kMaxHeadBytes, 'x'));
  EXPECT_TRUE(AppendAndWait(*store, loop_, {fits}).ok());
  EXPECT_TRUE(AppendAndWait(*store, loop_, {fits}).ok());
  store.reset();
  EXPECT_EQ(Ids(*OpenStore()).size(), 2u);
}

TEST_F(RecordStoreTest, BoundsWhatWaits) {
  options_.max_queue_bytes = 1000;
  options_.gather_above = 0;
  options_.gather_interval = absl::Seconds(1);
  auto store = OpenStore();
  std::vector<PendingAppend> appends(10);  // within a second of the start
  for (int i = 0; i < 10; ++i) {
    appends[static_cast<std::size_t>(i)].Start(*store, loop_,
                                               {SampleRecord(i + 1)});
  }
  store.reset();
  int refused = 0;
  for (PendingAppend& append : appends) {
    loop_.RunUntil([&] { return append.status.has_value(); });
    refused += !append.status->ok();
  }
  EXPECT_GE(refused, 6);
  EXPECT_EQ(Ids(*OpenStore()).size(), 10u - static_cast<unsigned>(refused));
}

TEST_F(RecordStoreTest, ACommitWaitsForThoseThatAreExpected) {
  options_.gather_above = 0;
  options_.gather_interval = absl::ZeroDuration();
  options_.gather_longest = absl::Hours(1);
  auto store = OpenStore();
  ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(0)}).ok());
  std::vector<PendingAppend> appends(7);
  store->Expect(7);
  for (int i = 0; i < 7; ++i) {
    // The last is on its way: from here on nobody else is expected.
    if (i == 6) store->Expect(-7);
    appends[static_cast<std::size_t>(i)].Start(*store, loop_,
                                               {SampleRecord(i + 1)});
  }
  for (PendingAppend& append : appends) {
    loop_.RunUntil([&] { return append.status.has_value(); });
    EXPECT_TRUE(append.status->ok());
  }
  EXPECT_EQ(store->figures().commits, 2u);
  // Who comes when nobody else is expected does not wait.
  EXPECT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(8)}).ok());
}

TEST_F(RecordStoreTest, RefusesOptionsOutOfBounds) {
  options_.segment_bytes = 100;
  EXPECT_TRUE(absl::IsInvalidArgument(
      RecordStore::Open(options_, clock_, SystemRandom()).status()));
  options_ = TestOptions("/proc/no/such/folder");
  EXPECT_FALSE(RecordStore::Open(options_, clock_, SystemRandom()).ok());
}

TEST_F(RecordStoreTest, SegmentsMayShrinkBetweenLives) {
  options_.segment_bytes = 1 << 20;
  {
    auto store = OpenStore();
    records::v1::Record large = SampleRecord(1);
    large.set_reason(std::string(20000, 'x'));
    ASSERT_TRUE(AppendAndWait(*store, loop_, {large}).ok());
  }
  options_.segment_bytes = 8192;
  for (int i = 2; i < 5; ++i) {
    auto store = OpenStore();
    ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(i)}).ok());
    EXPECT_EQ(Ids(*store).size(), static_cast<std::size_t>(i));
  }
}

}  // namespace
}  // namespace psm
