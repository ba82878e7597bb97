// What goes without the log saying so is noticed, and what it had no right to
// say, as far as it can be seen.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/records/audit.h"
#include "mesh/records/expunging.h"
#include "mesh/records/expunging_fixture.h"
#include "mesh/records/record_reader.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

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

}  // namespace
}  // namespace psm
