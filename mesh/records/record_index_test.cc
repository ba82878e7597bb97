// The store's index on the disk: complete at every moment, made anew from the
// log whatever becomes of it, and in nobody's way.
#include "mesh/records/record_index.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "gmock/gmock.h"
#include "mesh/base/error.h"
#include "mesh/records/log_recovery.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_fetch.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/segment_format.h"

namespace psm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kSubjects = 5;

class RecordIndexTest : public RecordStoreFixture {
 protected:
  RecordIndexTest() {
    options_.index_part_records = 8;
    options_.segment_bytes = 16384;
    options_.folder = memory_.path();
  }

  fs::path Index() { return memory_.path() + "/index"; }
  std::vector<fs::path> Runs() {
    std::vector<fs::path> runs;
    for (const auto& entry : fs::directory_iterator(Index())) {
      runs.push_back(entry.path());
    }
    std::sort(runs.begin(), runs.end());
    return runs;
  }

  // Appends of one to three records.
  void Append(RecordStore& store, int appends) {
    for (; appends > 0; --appends) {
      std::vector<records::v1::Record> records;
      for (auto left = random_() % 3 + 1; left > 0; --left) {
        const std::string subject = absl::StrCat("s", random_() % kSubjects);
        records.push_back(SampleRecord(next_, subject));
        subjects_[subject].push_back(absl::StrCat("exchange-", next_++));
      }
      ASSERT_TRUE(AppendAndWait(store, loop_, std::move(records)).ok());
    }
  }

  // Everything of a query, in pages of `limit`, oldest first.
  absl::StatusOr<std::vector<std::string>> All(RecordStore& store,
                                               RecordQuery query,
                                               std::size_t limit) {
    std::vector<std::string> ids;
    query.limit = limit;
    do {
      auto page = store.List(query);
      if (!page.ok()) return page.status();
      for (const auto& record : page->records)
        ids.push_back(record.exchange_id());
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    std::reverse(ids.begin(), ids.end());
    return ids;
  }

  // Whether the store finds exactly what was appended.
  void ExpectComplete(RecordStore& store) {
    std::vector<std::string> every;
    for (int i = 0; i < next_; ++i) {
      every.push_back(absl::StrCat("exchange-", i));
    }
    auto all = All(store, RecordQuery(), 1000);
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_EQ(*all, every);
    for (const auto& [subject, ids] : subjects_) {
      RecordQuery query;
      query.subject = subject;
      all = All(store, query, 7);
      ASSERT_TRUE(all.ok()) << all.status();
      ASSERT_EQ(*all, ids) << subject;
    }
    ASSERT_EQ(store.figures().records, every.size());
  }

  // Waits until all but the youngest parts are in runs.
  void AwaitIndexed(RecordStore& store) {
    while (store.figures().indexed + 2 * options_.index_part_records <
           store.figures().records) {
      std::this_thread::yield();
    }
  }

  TempFolder memory_{FolderInMemory()};
  int next_ = 0;
  std::map<std::string, std::vector<std::string>> subjects_;
  std::mt19937 random_{20260401};
};

TEST_F(RecordIndexTest, IsCompleteWhileRunsAreWrittenAndMerged) {
  for (int life = 0; life < 3; ++life) {
    auto store = OpenStore();
    for (int i = 0; i < 20; ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
      ASSERT_NO_FATAL_FAILURE(Append(*store, 4));
    }
    AwaitIndexed(*store);
    ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
  }
  EXPECT_LE(Runs().size(), 12u);
}

TEST_F(RecordIndexTest, TimesAndPagesHoldAcrossRunsAndMemory) {
  auto store = OpenStore();
  ASSERT_NO_FATAL_FAILURE(Append(*store, 60));
  AwaitIndexed(*store);
  for (const std::string& subject : {std::string(), std::string("s1")}) {
    for (const auto& [from, to] :
         {std::pair(0, 9), std::pair(13, 14), std::pair(20, 70)}) {
      RecordQuery query;
      query.subject = subject;
      query.start_time = absl::FromUnixSeconds(kSampleSeconds + from);
      query.end_time = absl::FromUnixSeconds(kSampleSeconds + to);
      std::vector<std::string> expected;
      for (int i = from; i < to; ++i) {
        const std::string id = absl::StrCat("exchange-", i);
        const auto& mine = subjects_[subject];
        if (subject.empty() ||
            std::find(mine.begin(), mine.end(), id) != mine.end()) {
          expected.push_back(id);
        }
      }
      EXPECT_EQ(*All(*store, query, 3), expected) << subject << from;
    }
  }
}

// What the index has is not read again: damage in it is met by the query.
TEST_F(RecordIndexTest, AStartReadsOnlyWhatTheIndexLacks) {
  {
    auto store = OpenStore();
    ASSERT_NO_FATAL_FAILURE(Append(*store, 200));
    AwaitIndexed(*store);
  }
  std::fstream file(memory_.path() + "/segment-000000000001",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kSegmentHeaderBytes + kFrameHeaderBytes + 10);
  file.put('\x55');
  file.close();
  auto store = OpenStore();
  ASSERT_NE(store, nullptr);
  RecordQuery oldest;
  oldest.end_time = absl::FromUnixSeconds(kSampleSeconds + 1);
  EXPECT_EQ(ReasonOf(store->List(oldest).status()), "RECORDS_UNAVAILABLE");
  oldest.start_time = absl::FromUnixSeconds(kSampleSeconds + 50);
  oldest.end_time = absl::InfiniteFuture();
  EXPECT_TRUE(store->List(oldest).ok());
  // Without an index all is read.
  store.reset();
  fs::remove_all(Index());
  EXPECT_EQ(
      ReasonOf(RecordStore::Open(options_, clock_, SystemRandom()).status()),
      "RECORDS_DAMAGED");
}

TEST_F(RecordIndexTest, IsMadeAnewWhateverBecameOfIt) {
  TempFolder older(FolderInMemory());    // index, from a moment before
  TempFolder shorter(FolderInMemory());  // log
  TempFolder other(FolderInMemory());    // index, of another log
  {
    RecordStoreOptions options = options_;
    options.folder = other.path();
    auto store = RecordStore::Open(options, clock_, SystemRandom());
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(AppendAndWait(**store, loop_, {SampleRecord(i)}).ok());
    }
    AwaitIndexed(**store);
  }
  {
    auto store = OpenStore();
    ASSERT_NO_FATAL_FAILURE(Append(*store, 30));
    AwaitIndexed(*store);
  }
  auto copy = [](const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  };
  copy(memory_.path(), shorter.path());
  copy(Index(), older.path());
  const int short_records = next_;
  const auto short_subjects = subjects_;
  {
    auto store = OpenStore();
    ASSERT_NO_FATAL_FAILURE(Append(*store, 60));
    AwaitIndexed(*store);
  }
  const int all_records = next_;
  const auto all_subjects = subjects_;
  TempFolder backup(FolderInMemory());
  copy(memory_.path(), backup.path());

  auto harm_file = [](const fs::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    const int byte = stream.get();
    stream.seekp(at);
    stream.put(static_cast<char>(byte ^ 1));
  };
  struct Case {
    const char* name;
    std::function<void()> harm;
    const char* log;  // "": nothing to tell
  };
  const std::vector<Case> cases = {
      {"nothing", [] {}, ""},
      {"deleted", [&] { fs::remove_all(Index()); }, ""},
      {"emptied",
       [&] {
         for (const auto& run : Runs()) fs::remove(run);
       },
       ""},
      {"the last run deleted", [&] { fs::remove(Runs().back()); }, ""},
      {"an older copy", [&] { copy(older.path(), Index()); }, ""},
      {"left-overs",
       [&] {
         fs::copy(Runs()[0], Index() / "run.new");
         fs::copy(Runs()[0], Index() / "run.merged");
         fs::copy(Runs()[0], Index() / "run-0000000000000002-0000000000000005");
       },
       ""},
      {"the first run deleted", [&] { fs::remove(Runs().front()); }, "missing"},
      {"cut", [&] { fs::resize_file(Runs().front(), 4096 * 3 + 5); },
       "not as it was written"},
      {"cut to nothing", [&] { fs::resize_file(Runs().back(), 0); },
       "no sound header"},
      {"a flipped header", [&] { harm_file(Runs().back(), 40); },
       "no sound header"},
      {"flipped fences", [&] { harm_file(Runs().back(), 2 * 4096 + 20); },
       "not as it was written"},
      {"a strange name",
       [&] { fs::rename(Runs().front(), Index() / "run-1-2"); }, "no run"},
      {"another name",
       [&] {
         fs::rename(Runs().front(),
                    Index() / "run-0000000000000000-0000000000000001");
       },
       ""},
      {"of another log",
       [&] { copy(other.path() / fs::path("index"), Index()); }, "another log"},
      {"newer than the log",
       [&] {
         TempFolder newer(FolderInMemory());
         copy(Index(), newer.path());
         copy(shorter.path(), memory_.path());
         copy(newer.path(), Index());
         next_ = short_records;
         subjects_ = short_subjects;
       },
       "more than the log holds"},
      {"of another course of the log",
       [&] {
         TempFolder newer(FolderInMemory());
         copy(Index(), newer.path());
         copy(shorter.path(), memory_.path());
         next_ = short_records;
         subjects_ = short_subjects;
         auto store = OpenStore();
         random_.seed(7);
         ASSERT_NO_FATAL_FAILURE(Append(*store, 80));
         AwaitIndexed(*store);
         store.reset();
         copy(newer.path(), Index());
       },
       "does not fit"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    copy(backup.path(), memory_.path());
    next_ = all_records;
    subjects_ = all_subjects;
    test.harm();
    testing::internal::CaptureStderr();
    auto store = OpenStore();
    const std::string log = testing::internal::GetCapturedStderr();
    ASSERT_NE(store, nullptr);
    if (*test.log != '\0') {
      EXPECT_THAT(log, HasSubstr("records_index_made_anew"));
      EXPECT_THAT(log, HasSubstr(test.log));
    }
    ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
    ASSERT_NO_FATAL_FAILURE(Append(*store, 20));
    AwaitIndexed(*store);
    ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
    store.reset();
    testing::internal::CaptureStderr();
    ASSERT_NO_FATAL_FAILURE(ExpectComplete(*OpenStore()));  // and it was mended
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                Not(HasSubstr("made_anew")));
  }
}

// Data are checked when they are read: the query that meets damage says that it
// cannot answer, and soon the next one can. (A merge may meet it first.)
TEST_F(RecordIndexTest, DamageFoundLaterIsMendedFromTheLog) {
  {
    auto store = OpenStore();
    ASSERT_NO_FATAL_FAILURE(Append(*store, 40));
    AwaitIndexed(*store);
  }
  for (const fs::path& run : Runs()) {
    std::fstream file(run, std::ios::in | std::ios::out | std::ios::binary);
    const auto end = static_cast<std::streamoff>(fs::file_size(run));
    for (std::streamoff block = 3 * 4096; block < end; block += 4096) {
      file.seekp(block + 30);
      file.put('\x55');
    }
  }
  testing::internal::CaptureStderr();
  auto store = OpenStore();
  ASSERT_NE(store, nullptr);
  auto page = store->List({});
  while (!page.ok()) {
    ASSERT_EQ(ReasonOf(page.status()), "RECORDS_UNAVAILABLE");
    std::this_thread::yield();
    page = store->List({});
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("records_index_made_anew"));
  ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
  ASSERT_NO_FATAL_FAILURE(Append(*store, 10));
  ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
}

// No run can be written: appends go on, what memory holds is found, and past
// that nothing is answered rather than a part of it.
TEST_F(RecordIndexTest, FallsBehindWithoutTheDiskAndCatchesUp) {
  options_.index_max_parts = 3;
  std::ofstream(Index()) << "in the way";
  auto store = OpenStore();
  ASSERT_NE(store, nullptr);
  ASSERT_NO_FATAL_FAILURE(Append(*store, 10));
  ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
  ASSERT_NO_FATAL_FAILURE(Append(*store, 100));
  EXPECT_TRUE(store->Health().ok());
  EXPECT_EQ(ReasonOf(store->List({}).status()), "RECORDS_UNAVAILABLE");
  EXPECT_EQ(
      ReasonOf(store->FindExchange("a/a", "1", absl::InfinitePast()).status()),
      "RECORDS_UNAVAILABLE");
  EXPECT_EQ(store->figures().indexed, 0u);
  // A start in this state is no failure either.
  store.reset();
  store = OpenStore();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(ReasonOf(store->List({}).status()), "RECORDS_UNAVAILABLE");
  ASSERT_NO_FATAL_FAILURE(Append(*store, 10));
  fs::remove(Index());
  while (!store->List({}).ok()) std::this_thread::yield();
  ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
  ASSERT_NO_FATAL_FAILURE(Append(*store, 50));
  AwaitIndexed(*store);
  ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
}

// The disk works but is slow: room for one record at a time in memory.
TEST_F(RecordIndexTest, CommitsWaitForTheIndexRatherThanLeaveItBehind) {
  options_.index_part_records = 1;
  options_.index_max_parts = 1;
  auto store = OpenStore();
  for (int i = 0; i < 30; ++i) {
    ASSERT_NO_FATAL_FAILURE(Append(*store, 2));
    ASSERT_TRUE(store->List({}).ok());
  }
  EXPECT_GE(store->figures().indexed + 10, store->figures().records);
  ASSERT_NO_FATAL_FAILURE(ExpectComplete(*store));
}

TEST_F(RecordIndexTest, ReadersBesideAppendsRunsAndMergesMissNothing) {
  auto store = OpenStore();
  std::atomic<int> told = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      RecordQuery query;
      query.subject = "s";
      query.limit = 1000;
      for (int known = 0; known < 300;) {
        known = told;
        auto page = store->List(query);
        ASSERT_TRUE(page.ok()) << page.status();
        ASSERT_GE(page->records.size(), static_cast<std::size_t>(known));
        ASSERT_EQ(page->records.size() % 2, 0u);  // all of an append, or none
        for (std::size_t at = 0; at < page->records.size(); ++at) {
          ASSERT_EQ(page->records[at].exchange_id(),
                    absl::StrCat("exchange-", page->records.size() - 1 - at));
        }
      }
    });
  }
  for (int i = 0; i < 300; i += 2) {
    EXPECT_TRUE(
        AppendAndWait(*store, loop_, {SampleRecord(i), SampleRecord(i + 1)})
            .ok());
    told = i + 2;
  }
  for (std::thread& reader : readers) reader.join();
}

// An index of its own over a log that a store has written.
TEST_F(RecordIndexTest, LocatesEveryRecordByItsLogIndex) {
  {
    auto store = OpenStore();
    ASSERT_NO_FATAL_FAILURE(Append(*store, 60));
  }
  auto log = PosixSegmentFolder::OpenToRead(memory_.path());
  auto end = RecoverLog(*log, TestSigner()->verifier(), SystemRandom());
  ASSERT_TRUE(end.ok());
  const std::uint64_t size = end->end.index;  // without the last commit
  ASSERT_GT(size, 60u);
  TempFolder folder;
  RecordIndexOptions options;
  options.folder = folder.File("index");
  options.part_records = 8;
  RecordIndex index(options, *log, clock_);
  ASSERT_TRUE(index.Start(end->end.log_id, 0, size).ok());
  for (std::uint64_t i = 0; i < size; ++i) {
    auto position = index.Locate(i);
    ASSERT_TRUE(position.ok()) << position.status();
    ASSERT_EQ(position->index, i);
    auto records = FetchRecords(*log, {*position});
    ASSERT_TRUE(records.ok()) << records.status();
    ASSERT_EQ((*records)[0].record.exchange_id(), absl::StrCat("exchange-", i));
  }
  EXPECT_TRUE(absl::IsOutOfRange(index.Locate(size).status()));
}

TEST_F(RecordIndexTest, AStoreWithoutAnIndexWritesOnly) {
  options_.index = false;
  auto store = OpenStore();
  ASSERT_TRUE(AppendAndWait(*store, loop_, {SampleRecord(next_++)}).ok());
  EXPECT_EQ(ReasonOf(store->List({}).status()), "RECORDS_UNAVAILABLE");
  EXPECT_EQ(store->figures().records, 1u);
  EXPECT_FALSE(fs::exists(Index()));
  store.reset();
  options_.index = true;
  subjects_["s"].push_back("exchange-0");
  ExpectComplete(*OpenStore());
}

}  // namespace
}  // namespace psm
