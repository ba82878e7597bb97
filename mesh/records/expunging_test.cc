// Old records go, with their salts, and everything that was shown of them still
// holds.
#include "mesh/records/expunging.h"

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/records/expunging_fixture.h"
#include "mesh/records/faulty_segment_folder.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/timestamp.h"
#include "mesh/records/tlog/proof.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

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

TEST_F(ExpungingTest, NoLogKeepsItsRecordsForLessThanTwoDays) {
  options_.retention = kShortestRetention - absl::Seconds(1);
  EXPECT_EQ(RecordStore::Open(options_, clock_, SystemRandom()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace psm
