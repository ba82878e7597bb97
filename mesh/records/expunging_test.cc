// Old records go, with their salts, and everything that was shown of them still
// holds; what goes without the log saying so is noticed.
#include "mesh/records/expunging.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/audit.h"
#include "mesh/records/faulty_segment_folder.h"
#include "mesh/records/index_entry.h"
#include "mesh/records/posix_segment_folder.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/record_store_fixture.h"
#include "mesh/records/timestamp.h"
#include "mesh/records/tlog/proof.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

// The machine's clock, some time later. Thread-safe.
class LaterClock : public SystemClock {
 public:
  absl::Time Now() const override {
    return SystemClock::Now() + absl::Nanoseconds(later_.load());
  }
  void Advance(absl::Duration by) { later_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<std::int64_t> later_{0};
};

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kRetention = absl::Hours(100 * 24);

class ExpungingTest : public ::testing::Test {
 protected:
  ExpungingTest() {
    options_.tiles = tiles_.path() + "/log";
    options_.retention = kRetention;
    options_.segment_life = 10 * kDay;
    options_.expunge_interval = absl::InfiniteDuration();
    options_.index_part_records = 16;
  }

  void Open() {
    store_.reset();
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  // Appends records one after another, of a subject each.
  void Grow(int count) {
    for (int i = 0; i < count; ++i) {
      PendingAppend append;
      append.Start(*store_, loop_,
                   {SampleRecord(next_, absl::StrCat("subject-", next_, "."))});
      loop_.RunUntil([&] { return append.status.has_value(); });
      ASSERT_TRUE(append.status->ok()) << *append.status;
      recorded_.push_back(append.recorded);
      ++next_;
    }
  }
  // What Expunge says, as soon as all leaves are published.
  absl::StatusOr<std::uint64_t> Expunge() {
    absl::StatusOr<std::uint64_t> gone = store_->Expunge();
    while (ReasonOf(gone.status()) == "LOG_NOT_PUBLISHED") {
      std::this_thread::yield();
      gone = store_->Expunge();
    }
    return gone;
  }
  // The sample records in the store, by number, newest first.
  std::vector<int> Numbers() {
    std::vector<int> numbers;
    auto ids = AllIds(*store_);
    EXPECT_TRUE(ids.ok()) << ids.status();
    for (const std::string& id : *ids) {
      if (!id.empty())
        numbers.push_back(std::stoi(id.substr(sizeof("exchange-") - 1)));
    }
    return numbers;
  }
  std::vector<int> Down(int from, int to) {
    std::vector<int> numbers;
    for (int i = from; i >= to; --i) numbers.push_back(i);
    return numbers;
  }
  // Whether a file of the records' folder, also one of the index, holds `text`.
  bool OnDisk(absl::string_view text) {
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (absl::StrContains(bytes, text)) return true;
    }
    return false;
  }
  bool OnDisk(const IndexKey& key) {
    return OnDisk(absl::string_view(reinterpret_cast<const char*>(key.data()),
                                    key.size()));
  }
  std::vector<SegmentEntry> Segments() {
    return *PosixSegmentFolder::OpenToRead(folder_.path())->List();
  }
  void RemoveSegment(std::uint64_t number) {
    ASSERT_TRUE(fs::remove(
        absl::StrFormat("%s/segment-%012d", folder_.path(), number)));
  }
  LogChain Chain() {
    auto chain = FindChain(*PosixSegmentFolder::OpenToRead(folder_.path()));
    EXPECT_TRUE(chain.ok()) << chain.status();
    return *chain;
  }
  // With the store closed, so that all is published.
  AuditReport Audit(std::optional<KeptCheckpoint> kept = std::nullopt) {
    AuditOptions audit;
    audit.log = options_.tiles;
    audit.records = folder_.path();
    audit.kept = std::move(kept);
    auto report = AuditLog(audit, options_.signer->verifier(), clock_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : AuditReport();
  }
  void ExpectHolds(std::uint64_t expunged) {
    const AuditReport report = Audit();
    EXPECT_FALSE(report.finding.has_value()) << report.finding->what;
    EXPECT_EQ(report.expunged, expunged);
  }
  std::string StartFinds() {
    auto store = RecordStore::Open(options_, clock_, SystemRandom());
    return store.ok() ? "" : ReasonOf(store.status());
  }

  TempFolder folder_{FolderInMemory()};
  TempFolder tiles_{FolderInMemory()};
  RecordStoreOptions options_ = TestOptions(folder_.path());
  LaterClock clock_;
  LoopExecutor loop_;
  std::unique_ptr<RecordStore> store_;
  int next_ = 0;
  std::vector<Recorded> recorded_;
};

TEST_F(ExpungingTest, OldRecordsGoWithTheirSaltsAndEveryProofStillHolds) {
  Open();
  Grow(60);
  EXPECT_TRUE(OnDisk("subject-3."));
  EXPECT_TRUE(OnDisk(recorded_[3].seals.front().seed()));
  clock_.Advance(kRetention - kDay);
  EXPECT_EQ(*Expunge(), 0u);
  EXPECT_EQ(Numbers(), Down(59, 0));
  clock_.Advance(2 * kDay);
  // They are in a segment of their own: the one with old records was left.
  Grow(5);
  EXPECT_EQ(*Expunge(), 60u);
  EXPECT_EQ(Numbers(), Down(64, 60));
  EXPECT_EQ(store_->figures().expunged, 60u);
  Grow(1);

  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_FALSE(OnDisk(absl::StrCat("subject-", i, "."))) << i;
    EXPECT_FALSE(OnDisk(recorded_[i].seals.front().seed())) << i;
  }
  EXPECT_TRUE(OnDisk("subject-60."));
  RecordQuery query;
  query.subject = "subject-3.";
  EXPECT_TRUE(store_->List(query)->records.empty());

  // Of the 61st record on, the one that says so comes with it.
  for (const Recorded& recorded : recorded_) {
    const tlog::SignedCheckpoint& tree = *recorded.checkpoint;
    absl::StatusOr<ProvedRecord> proved =
        store_->Prove(recorded.index, tree.size());
    while (ReasonOf(proved.status()) == "LOG_NOT_PUBLISHED") {
      std::this_thread::yield();
      proved = store_->Prove(recorded.index, tree.size());
    }
    ASSERT_TRUE(proved.ok()) << proved.status();
    EXPECT_EQ(proved->expunged, recorded.index < 60);
    EXPECT_EQ(proved->record.exchange_id().empty(), recorded.index < 60);
    EXPECT_TRUE(
        tlog::VerifyInclusion(recorded.index, tree.size(),
                              tlog::LeafHash(recorded.seals.front().leaf()),
                              proved->inclusion, tree.root())
            .ok());
  }
  store_.reset();
  ExpectHolds(60);
  Open();
  EXPECT_EQ(Numbers(), Down(65, 60));
  EXPECT_EQ(*Expunge(), 0u);
  Grow(1);
  store_.reset();
  ExpectHolds(60);
}

TEST_F(ExpungingTest, SaysWhatWentByWhichRuleAndWhen) {
  Open();
  Grow(20);
  clock_.Advance(kRetention + kDay);
  ASSERT_EQ(*Expunge(), 20u);
  std::vector<Expunging> said;
  ASSERT_TRUE(RecordReader(folder_.path())
                  .Read(0,
                        [&](std::uint64_t index, const auto& record) {
                          if (auto says = ExpungingOf(index, record))
                            said.push_back(*says);
                          return true;
                        })
                  .ok());
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].index, 20u);
  EXPECT_EQ(said[0].begin, 0u);
  EXPECT_EQ(said[0].end, 20u);
  EXPECT_EQ(said[0].time - said[0].before, kRetention);
  EXPECT_LT(clock_.Now() - said[0].time, kDay);
}

// Again and again, over starts: also the records that say so are expunged when
// they are old enough, and the chain of what is gone has no gap.
TEST_F(ExpungingTest, GoesOnForYears) {
  Open();
  for (int month = 0; month < 20; ++month) {
    SCOPED_TRACE(month);
    Grow(12);
    clock_.Advance(30 * kDay);
    ASSERT_TRUE(Expunge().ok());
    if (month % 3 == 0) Open();
    // 100 days, 10 of a segment's life, and 30 between two calls.
    const int found = static_cast<int>(Numbers().size());
    EXPECT_LE(found, 12 * 5);
    EXPECT_GE(found, 12 * std::min(month + 1, 3));
  }
  const std::uint64_t expunged = store_->figures().expunged;
  EXPECT_GE(expunged, 12u * 15);
  store_.reset();
  ExpectHolds(expunged);
}

// A record a day: no segment would be full in a year.
TEST_F(ExpungingTest, ASegmentOfThinTrafficIsLeftSoThatItsRecordsGoInTime) {
  options_.segment_bytes = std::uint64_t{1} << 20;
  Open();
  std::map<int, absl::Time> asked;
  for (int day = 0; day < 200; ++day) {
    asked[next_] = clock_.Now();
    Grow(1);
    clock_.Advance(kDay);
    ASSERT_TRUE(Expunge().ok());
    const std::vector<int> numbers = Numbers();
    ASSERT_FALSE(numbers.empty());
    const absl::Duration age = clock_.Now() - asked[numbers.back()];
    EXPECT_LE(age, kRetention + options_.segment_life + 2 * kDay) << day;
    EXPECT_GE(numbers.size(), static_cast<std::size_t>(std::min(day, 99)));
  }
  EXPECT_GE(store_->figures().expunged, 80u);
}

// Nothing comes any more, and the gateway is started now and then: the last
// record is carried from segment to segment, and goes as well.
TEST_F(ExpungingTest, TheLastCommitGoesAlthoughEveryStartCarriesIt) {
  for (int start = 0; start < 5; ++start) {
    Open();
    if (start == 0) Grow(3);
    clock_.Advance(30 * kDay);
    ASSERT_TRUE(Expunge().ok());
  }
  EXPECT_EQ(Numbers(), std::vector<int>());
  EXPECT_FALSE(OnDisk("subject-2."));
  store_.reset();
  EXPECT_FALSE(OnDisk("subject-2."));
  Open();
  EXPECT_FALSE(OnDisk("subject-2."));
  Grow(2);
  store_.reset();
  ExpectHolds(3);
}

TEST_F(ExpungingTest, TheIndexIsRidOfWhatWentAndFindsTheRest) {
  Open();
  Grow(70);
  clock_.Advance(kRetention - kDay);
  ASSERT_EQ(*Expunge(), 0u);  // leaves the segment
  clock_.Advance(2 * kDay);
  Grow(40);
  ASSERT_EQ(*Expunge(), 70u);
  // The runs are made anew behind the scenes.
  while (OnDisk(SubjectKey("subject-69.")) || OnDisk(SubjectKey("subject-3.")))
    std::this_thread::yield();
  for (int again = 0; again < 2; ++again) {
    for (int i = 0; i < next_; ++i) {
      RecordQuery query;
      query.subject = absl::StrCat("subject-", i, ".");
      auto page = store_->List(query);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->records.size(), i < 70 ? 0u : 1u) << i;
    }
    EXPECT_EQ(Numbers(), Down(109, 70));
    Open();
  }
  // And where it is made anew from the log.
  store_.reset();
  fs::remove_all(folder_.path() + "/index");
  Open();
  EXPECT_EQ(Numbers(), Down(109, 70));
}

TEST_F(ExpungingTest, AppendsGoOnAndItIsDoneInTime) {
  options_.expunge_interval = absl::Hours(1);
  Open();
  Grow(30);
  clock_.Advance(kRetention + kDay);
  // Those that share a segment with young ones stay for as long as these.
  while (store_->figures().expunged == 0) Grow(1);
  const std::uint64_t expunged = store_->figures().expunged;
  EXPECT_LE(expunged, 30u);
  EXPECT_EQ(Numbers().back(), static_cast<int>(expunged));
  store_.reset();
  ExpectHolds(expunged);
}

TEST_F(ExpungingTest, NothingGoesWhoseLeafIsNotPublished) {
  fs::create_directories(options_.tiles);
  tiles_.Write("log/tile", "a file, so that nothing can be published");
  Open();
  Grow(20);
  clock_.Advance(kRetention + kDay);
  EXPECT_EQ(ReasonOf(store_->Expunge().status()), "LOG_NOT_PUBLISHED");
  EXPECT_EQ(Numbers(), Down(19, 0));
  fs::remove(options_.tiles + "/tile");
  EXPECT_EQ(*Expunge(), 20u);
  store_.reset();
  ExpectHolds(20);
}

// The published log is lost after records were expunged: it cannot be made from
// what is left, and is not made wrong.
TEST_F(ExpungingTest, ALostPublishedLogIsNotMadeOfTheRest) {
  Open();
  Grow(20);
  clock_.Advance(kRetention + kDay);
  ASSERT_EQ(*Expunge(), 20u);
  Grow(20);
  store_.reset();
  fs::remove_all(options_.tiles);
  Open();
  Grow(1);
  EXPECT_EQ(ReasonOf(store_->Prove(30, 40).status()), "LOG_NOT_PUBLISHED");
  store_.reset();
  EXPECT_FALSE(fs::exists(options_.tiles + "/checkpoint"));
}

TEST_F(ExpungingTest, ASegmentThatNoRecordExpungesIsMissed) {
  Open();
  Grow(60);
  store_.reset();
  RemoveSegment(Chain().segments.front().header.number);
  EXPECT_EQ(StartFinds(), "RECORDS_DAMAGED");
  const auto read =
      RecordReader(folder_.path()).Read(0, [](std::uint64_t, const auto&) {
        return true;
      });
  EXPECT_EQ(ReasonOf(read.status()), "RECORDS_DAMAGED");
  const AuditReport report = Audit();
  ASSERT_TRUE(report.finding.has_value());
  EXPECT_EQ(report.finding->in, AuditFinding::In::kRecord);
  EXPECT_EQ(report.finding->first, 0u);
}

TEST_F(ExpungingTest, ASegmentBehindWhatWasExpungedIsMissed) {
  Open();
  Grow(20);
  clock_.Advance(kRetention + kDay);
  ASSERT_EQ(*Expunge(), 20u);
  Grow(60);
  store_.reset();
  const LogChain chain = Chain();
  ASSERT_GE(chain.segments.size(), 3u);
  EXPECT_EQ(chain.first_index(), 20u);
  EXPECT_EQ(StartFinds(), "");
  RemoveSegment(Chain().segments.front().header.number);
  EXPECT_EQ(StartFinds(), "RECORDS_DAMAGED");
  const AuditReport report = Audit();
  ASSERT_TRUE(report.finding.has_value());
  EXPECT_EQ(report.finding->in, AuditFinding::In::kRecord);
}

// The disk goes away at any call of an expunging; then the next start has all
// records or a record that says what is gone, and the next call finishes.
TEST_F(ExpungingTest, ACrashAtAnyStepIsGoneOnFrom) {
  int steps = 0;
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE(nth);
    fs::remove_all(folder_.path());
    fs::remove_all(options_.tiles);
    fs::create_directories(folder_.path());
    next_ = 0;
    Open();
    Grow(40);
    store_.reset();
    Faults faults;
    auto real = PosixSegmentFolder::OpenToWrite(folder_.path());
    ASSERT_TRUE(real.ok());
    auto store = RecordStore::OpenOn(
        std::make_unique<FaultySegmentFolder>(*std::move(real), faults),
        options_, clock_, SystemRandom());
    ASSERT_TRUE(store.ok());
    store_ = *std::move(store);
    clock_.Advance(kRetention + kDay);
    for (FaultMode mode :
         {nth % 2 == 0 ? FaultMode::kFailsPersists : FaultMode::kShort}) {
      faults.Add(FaultOp::kAny, nth, mode, /*forever=*/true);
    }
    Expunge().status().IgnoreError();
    // Either all that is not said to be gone is found, or nothing.
    const auto ids = AllIds(*store_);
    if (ids.ok()) {
      const std::size_t found = Numbers().size();
      EXPECT_TRUE(found == 40 || found == 0) << found;
    }
    store_.reset();
    const bool hit = faults.hits() > 0;
    // Also beside what the crash left.
    const auto read =
        RecordReader(folder_.path()).Read(0, [](std::uint64_t, const auto&) {
          return true;
        });
    EXPECT_TRUE(read.ok()) << read.status();
    Open();
    EXPECT_TRUE(Numbers().size() == 40 || Numbers().empty());
    ASSERT_TRUE(Expunge().ok());
    EXPECT_EQ(Numbers(), std::vector<int>());
    EXPECT_FALSE(OnDisk("subject-3."));
    EXPECT_FALSE(OnDisk("subject-39."));
    Grow(1);
    EXPECT_EQ(Numbers(), Down(40, 40));
    store_.reset();
    const AuditReport report = Audit();
    EXPECT_FALSE(report.finding.has_value()) << report.finding->what;
    EXPECT_GE(report.expunged, 40u);
    if (!hit) break;
    ++steps;
  }
  // At least: the new segment's header, the record, each removal.
  EXPECT_GE(steps, 6);
}

TEST_F(ExpungingTest, AnAuditorKnowsWhatWasTooYoungByACheckpointThatHeKept) {
  Open();
  Grow(10);
  store_.reset();
  KeptCheckpoint kept{*Audit().checkpoint, clock_.Now()};
  Open();
  Grow(10);
  clock_.Advance(kRetention + 10 * kDay);
  ASSERT_EQ(*Expunge(), 20u);
  store_.reset();
  EXPECT_FALSE(Audit(kept).finding.has_value());
  // Had he kept it twenty days before they went, then what came behind it was
  // younger than that.
  kept.kept = clock_.Now() - 20 * kDay;
  const AuditReport report = Audit(kept);
  ASSERT_TRUE(report.finding.has_value());
  EXPECT_EQ(report.finding->first, 10u);
  EXPECT_EQ(report.finding->last, 19u);
}

TEST_F(ExpungingTest, AnAuditorKnowsARecordThatExpungesWhatItMustNot) {
  const absl::Time now = clock_.Now();
  const struct {
    Expunging says;
    const char* what;
  } kCases[] = {
      {{0, 0, 5, now - absl::Hours(47), now}, "sooner than any log may"},
      {{0, 0, 11, now - kRetention, now}, "were not there"},
      {{0, 5, 5, now - kRetention, now}, "were not there"},
      {{0, 0, 5, now - kRetention, now + 2 * kDay}, "behind it"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.what);
    fs::remove_all(folder_.path());
    fs::remove_all(options_.tiles);
    fs::create_directories(folder_.path());
    Open();
    Grow(10);
    ASSERT_TRUE(AppendAndAwait(*store_, ExpungingRecord(test.says)).ok());
    Grow(1);
    store_.reset();
    const AuditReport report = Audit();
    ASSERT_TRUE(report.finding.has_value());
    EXPECT_EQ(report.finding->first, 10u);
    EXPECT_THAT(report.finding->what, testing::HasSubstr(test.what));
  }
}

TEST_F(ExpungingTest, NoLogKeepsItsRecordsForLessThanTwoDays) {
  options_.retention = kShortestRetention - absl::Seconds(1);
  EXPECT_EQ(RecordStore::Open(options_, clock_, SystemRandom()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace psm
