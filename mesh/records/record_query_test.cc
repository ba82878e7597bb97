// What a record store finds: by subject, time and page, and by exchange id.
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "mesh/base/error.h"
#include "mesh/records/record_store_fixture.h"

namespace psm {
namespace {

using ::testing::IsEmpty;

using RecordQueryTest = RecordStoreFixture;

TEST_F(RecordQueryTest, ListsByTimeAndPageWithoutGapsWhileRecordsArrive) {
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

TEST_F(RecordQueryTest, APageTokenOpensNothingElse) {
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
  TempFolder other_folder;
  auto other = RecordStore::Open(TestOptions(other_folder.path()), clock_,
                                 SystemRandom());
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(ReasonOf((*other)->List(mine).status()), "PAGE_TOKEN_INVALID");
}

// All there is to see, page by page: "e,d,|b,|" is two pages.
std::string Walk(RecordStore& store, RecordQuery query) {
  std::string walk;
  do {
    auto page = store.List(query);
    if (!page.ok()) return std::string(page.status().message());
    for (const auto& record : page->records) walk += record.exchange_id() + ",";
    walk += "|";
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return walk;
}

bool IsShownSample(const records::v1::Record& record) {
  return record.undisclosed_by().empty();
}

TEST_F(RecordQueryTest, WhatIsNotShownLeavesNoTraceWhateverThePageSize) {
  auto store = OpenStore();
  // Every way of passing over some of five.
  for (int mask = 0; mask < 32; ++mask) {
    std::vector<records::v1::Record> records;
    for (int i = 0; i < 5; ++i) {
      const bool shown = (mask >> i & 1) == 0;
      records.push_back(SampleRecord(i, absl::StrCat("with", mask)));
      if (!shown) records.back().set_undisclosed_by("条例");
      // The same list, had the others never been.
      if (shown) records.push_back(SampleRecord(i, absl::StrCat("bare", mask)));
    }
    ASSERT_TRUE(AppendAndWait(*store, loop_, records).ok());
    for (std::size_t limit = 1; limit <= 6; ++limit) {
      RecordQuery with;
      with.subject = absl::StrCat("with", mask);
      with.limit = limit;
      with.is_shown = IsShownSample;
      RecordQuery bare = with;
      bare.subject = absl::StrCat("bare", mask);
      bare.is_shown = nullptr;
      EXPECT_EQ(Walk(*store, with), Walk(*store, bare)) << mask << " " << limit;
    }
  }
}

TEST_F(RecordQueryTest, ManyThatAreNotShownArePassedOver) {
  options_.segment_bytes = 1 << 20;
  auto store = OpenStore();
  ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(0)}).ok());
  records::v1::Record hidden = SampleRecord(1);
  hidden.set_undisclosed_by("条例");
  const std::vector<records::v1::Record> batch(500, hidden);
  for (int i = 0; i < 6; ++i)
    ASSERT_TRUE(AppendAndWait(*store, loop_, batch).ok());
  ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(2)}).ok());
  RecordQuery query;
  query.subject = "s";
  query.is_shown = IsShownSample;
  for (const std::size_t limit :
       {std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
    query.limit = limit;
    EXPECT_EQ(Walk(*store, query), limit == 1 ? "exchange-2,|exchange-0,|"
                                              : "exchange-2,exchange-0,|");
  }
  query.is_shown = [](const records::v1::Record&) { return false; };
  EXPECT_EQ(Walk(*store, query), "|");
}

TEST_F(RecordQueryTest, AQueryNamesOneSubject) {
  auto store = OpenStore();
  RecordQuery query;
  query.subject = "a";
  query.corporation = "4011001098993";
  EXPECT_EQ(ReasonOf(store->List(query).status()), "RECORD_QUERY_INVALID");
}

TEST_F(RecordQueryTest, FindsByCorporation) {
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

TEST_F(RecordQueryTest, FindsAnExchangeOfItsConsumerOnly) {
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
    EXPECT_EQ((*found)[0].record.kind(), Record::INTENT);
    EXPECT_EQ((*found)[1].record.kind(), Record::EXCHANGE);
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

}  // namespace
}  // namespace psm
