#include "mesh/records/record_store.h"

#include <fstream>
#include <map>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_testing.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<RecordStore> OpenStore() {
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  std::vector<std::string> Ids(RecordLog& log) {
    auto ids = AllIds(log);
    EXPECT_TRUE(ids.ok()) << ids.status();
    return ids.ok() ? *ids : std::vector<std::string>();
  }
  void WriteQuota(const std::string& text) {
    std::ofstream(folder_.path() + "/quota") << text;
  }
  void RemoveQuota() { std::filesystem::remove(folder_.path() + "/quota"); }
  int CountSegments() {
    int count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      count += entry.path().filename().string().starts_with("segment-");
    }
    return count;
  }

  TestFolder folder_;
  RecordStoreOptions options_ = TestOptions(folder_.path());
  SystemClock clock_;
  LoopExecutor loop_;
};

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
  fits.set_reason(std::string(options_.segment_bytes - 800, 'x'));
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

TEST_F(RecordStoreTest, AFullDiskRefusesAndSpaceRecovers) {
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

TEST_F(RecordStoreTest, OpensOnAFullDiskAndRecovers) {
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

TEST_F(RecordStoreTest, TheQuotaOfTheOptionsHoldsWithoutAFile) {
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

TEST_F(RecordStoreTest, RestartsWithoutAppendsTakeNoSpace) {
  {
    ASSERT_TRUE(AppendAndWait(*OpenStore(), loop_, {SampleRecord(1)}).ok());
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Ids(*OpenStore()), ElementsAre("exchange-1"));
  }
  EXPECT_LE(CountSegments(), 4);
}

TEST_F(RecordStoreTest, ListsByTimeAndPageWithoutGapsWhileRecordsArrive) {
  auto store = OpenStore();
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(AppendAndWait(*store, loop_,
                              {SampleRecord(i, i % 2 == 0 ? "even" : "odd")})
                    .ok());
  }
  RecordQuery query;
  query.subject = "even";
  query.start_time = absl::FromUnixSeconds(kSampleSeconds + 10);
  query.end_time = absl::FromUnixSeconds(kSampleSeconds + 30);
  query.limit = 3;
  std::vector<std::string> got;
  int arriving = 100;
  do {
    auto page = store->List(query);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->records.size(), 3u);
    for (const auto& record : page->records)
      got.push_back(record.exchange_id());
    query.page_token = page->next_page_token;
    records::v1::Record late = SampleRecord(arriving++, "even");
    late.mutable_ask_time()->set_seconds(kSampleSeconds + 15);
    ASSERT_TRUE(AppendAndWait(*store, loop_, {late}).ok());
  } while (!query.page_token.empty());
  std::vector<std::string> expected;
  for (int i = 28; i >= 10; i -= 2) {
    expected.push_back(absl::StrCat("exchange-", i));
  }
  EXPECT_EQ(got, expected);
}

TEST_F(RecordStoreTest, APageTokenOpensNothingElse) {
  auto store = OpenStore();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        AppendAndWait(*store, loop_, {SampleRecord(i, i < 5 ? "a" : "b")})
            .ok());
  }
  RecordQuery mine;
  mine.subject = "a";
  mine.limit = 2;
  auto page = store->List(mine);
  ASSERT_TRUE(page.ok());
  const std::string token = page->next_page_token;
  ASSERT_FALSE(token.empty());

  std::map<std::string, RecordQuery> wrong;
  for (const char* name : {"subject", "corporation", "all", "start", "end",
                           "cut", "flipped", "junk", "empty code"}) {
    wrong[name] = mine;
    wrong[name].page_token = token;
  }
  wrong["subject"].subject = "b";
  wrong["corporation"].subject = "";
  wrong["corporation"].corporation = "a";
  wrong["all"].subject = "";
  wrong["start"].start_time = absl::FromUnixSeconds(kSampleSeconds);
  wrong["end"].end_time = absl::FromUnixSeconds(kSampleSeconds);
  wrong["cut"].page_token = token.substr(0, token.size() - 4);
  wrong["flipped"].page_token[3] = token[3] == 'A' ? 'B' : 'A';
  wrong["junk"].page_token = "%%%";
  wrong["empty code"].page_token = "AAAAAAAAAAA";
  for (const auto& [name, query] : wrong) {
    EXPECT_EQ(ReasonOf(store->List(query).status()), "PAGE_TOKEN_INVALID")
        << name;
  }
  // The right one, with another limit and after a restart.
  store.reset();
  store = OpenStore();
  mine.page_token = token;
  mine.limit = 10;
  page = store->List(mine);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->records.size(), 3u);
  EXPECT_EQ(page->records[0].exchange_id(), "exchange-2");
  // Another store's token is not ours.
  TestFolder other_folder;
  auto other = RecordStore::Open(TestOptions(other_folder.path()), clock_,
                                 SystemRandom());
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(ReasonOf((*other)->List(mine).status()), "PAGE_TOKEN_INVALID");
}

TEST_F(RecordStoreTest, AQueryNamesOneSubject) {
  auto store = OpenStore();
  RecordQuery query;
  query.subject = "a";
  query.corporation = "4011001098993";
  EXPECT_EQ(ReasonOf(store->List(query).status()), "RECORD_QUERY_INVALID");
}

TEST_F(RecordStoreTest, FindsByCorporation) {
  auto store = OpenStore();
  records::v1::Record record = SampleRecord(7, "");
  record.set_corporation("9990001000001");
  ASSERT_TRUE(AppendAndWait(*store, loop_, {record, SampleRecord(8, "")}).ok());
  RecordQuery query;
  query.corporation = "9990001000001";
  auto page = store->List(query);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->records[0].exchange_id(), "exchange-7");
}

TEST_F(RecordStoreTest, FindsAnExchangeOfItsConsumerOnly) {
  const absl::Time now = clock_.Now();
  auto record = [&](const std::string& consumer, const std::string& id,
                    records::v1::Record::Kind kind, absl::Duration age) {
    records::v1::Record made = SampleRecord(0);
    made.set_consumer(consumer);
    made.set_exchange_id(id);
    made.set_kind(kind);
    made.mutable_ask_time()->set_seconds(absl::ToUnixSeconds(now - age));
    return made;
  };
  using records::v1::Record;
  for (bool restarted : {false, true}) {
    auto store = OpenStore();
    if (!restarted) {
      ASSERT_TRUE(
          AppendAndWait(*store, loop_,
                        {record("a/a", "1", Record::INTENT, absl::Minutes(2)),
                         record("a/a", "1", Record::EXCHANGE, absl::Minutes(1)),
                         record("b/b", "1", Record::REFUSAL, absl::Minutes(1)),
                         record("a/a", "2", Record::REFUSALS, absl::Minutes(1)),
                         record("a/a", "3", Record::EXCHANGE, absl::Hours(25))})
              .ok());
    }
    auto found = store->FindExchange("a/a", "1", now - absl::Hours(24));
    ASSERT_TRUE(found.ok());
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ((*found)[0].kind(), Record::INTENT);
    EXPECT_EQ((*found)[1].kind(), Record::EXCHANGE);
    EXPECT_EQ(store->FindExchange("a/a", "1", now - absl::Seconds(90))->size(),
              1u);
    EXPECT_EQ(store->FindExchange("b/b", "1", absl::InfinitePast())->size(),
              1u);
    EXPECT_THAT(*store->FindExchange("a/a", "2", absl::InfinitePast()),
                IsEmpty());
    EXPECT_THAT(*store->FindExchange("a/a", "3", absl::InfinitePast()),
                IsEmpty());
    EXPECT_THAT(*store->FindExchange("c/c", "1", absl::InfinitePast()),
                IsEmpty());
  }
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
