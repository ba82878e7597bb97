#include "tests/bench/figures.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace psm::bench {
namespace {

Figures Cpu(double us) {
  Figures figures;
  figures.cpu_us_per_call = us;
  return figures;
}

// All that the bars look at, each exactly at its limit or just within.
Results Winning() {
  Results results;
  results.Add({"forward", "haproxy", 64, 1}, Cpu(40));
  results.Add({"forward", "haproxy", 256, 1}, Cpu(20));
  results.Add({"forward", "nginx", 64, 1}, Cpu(90));
  results.Add({"forward", "psm", 64, 1}, Cpu(34));
  results.Add({"forward", "psm", 256, 1}, Cpu(17));
  results.Add({"exchange", "psm", 64, 1}, Cpu(89));
  results.Add({"exchange", "psm", 256, 1}, Cpu(24));
  return results;
}

std::vector<Bar::Outcome> Outcomes(const std::vector<Bar>& bars) {
  std::vector<Bar::Outcome> outcomes;
  for (const Bar& bar : bars) outcomes.push_back(bar.outcome);
  return outcomes;
}

TEST(MedianTest, IsTheMiddleOne) {
  EXPECT_EQ(Median({}), 0);
  EXPECT_EQ(Median({7}), 7);
  EXPECT_EQ(Median({9, 1, 5}), 5);
  EXPECT_EQ(Median({1, 9, 5, 4}), 4.5);
  EXPECT_EQ(Median({3, 1000000, 1}), 3) << "an outlier moved it";
}

TEST(PercentileTest, IsTheNearestRank) {
  EXPECT_EQ(Percentile({}, 0.5), 0);
  EXPECT_EQ(Percentile({8}, 0.99), 8);
  std::vector<std::uint32_t> hundred;
  for (std::uint32_t i = 1; i <= 100; ++i) hundred.push_back(i);
  EXPECT_EQ(Percentile(hundred, 0), 1);
  EXPECT_EQ(Percentile(hundred, 0.5), 50);
  EXPECT_EQ(Percentile(hundred, 0.99), 99);
  EXPECT_EQ(Percentile(hundred, 0.991), 100);
  EXPECT_EQ(Percentile(hundred, 1), 100);
}

TEST(ResultsTest, ARowHoldsTheMedianOfEachFigureByItself) {
  Results results;
  const Course course{"forward", "psm", 64, 1};
  results.Add(course, {100, 30, 1000, 10, 90, 500});
  results.Add(course, {300, 10, 3000, 30, 70, 700});
  results.Add(course, {200, 20, 2000, 20, 80, 600});
  results.Add({"direct", "none", 1, 1}, {1, 0, 1, 1, 1, 0});

  const std::vector<Row> rows = results.Rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].course.via, "psm");
  EXPECT_EQ(rows[1].runs, 3);
  const Figures& median = rows[1].median;
  EXPECT_EQ(median.calls, 200);
  EXPECT_EQ(median.cpu_us_per_call, 20);
  EXPECT_EQ(median.calls_per_s, 2000);
  EXPECT_EQ(median.p50_us, 20);
  EXPECT_EQ(median.p99_us, 80);
  EXPECT_EQ(median.peak_rss_kib, 600);
  EXPECT_EQ(rows[0].runs, 1);
  EXPECT_FALSE(results.Find({"forward", "psm", 64, 8}).has_value());
}

TEST(CpuBarsTest, HoldAtTheirLimitsAndNotBeyond) {
  using Outcome = Bar::Outcome;
  EXPECT_THAT(Outcomes(CpuBars(Winning())), ::testing::Each(Outcome::kHolds));

  struct Miss {
    Course course;
    double cpu;
    std::size_t bar;
  };
  for (const Miss& miss : {Miss{{"forward", "psm", 64, 1}, 34.1, 0},
                           Miss{{"forward", "psm", 256, 1}, 17.1, 1},
                           Miss{{"exchange", "psm", 64, 1}, 90, 2},
                           Miss{{"exchange", "psm", 256, 1}, 24.1, 3}}) {
    Results results;
    for (const Row& row : Winning().Rows()) {
      const bool this_one =
          !(row.course < miss.course) && !(miss.course < row.course);
      results.Add(row.course, this_one ? Cpu(miss.cpu) : row.median);
    }
    std::vector<Outcome> outcomes = Outcomes(CpuBars(results));
    EXPECT_EQ(outcomes[miss.bar], Outcome::kMissed) << miss.bar;
    outcomes[miss.bar] = Outcome::kHolds;
    EXPECT_THAT(outcomes, ::testing::Each(Outcome::kHolds)) << miss.bar;
  }
}

TEST(CpuBarsTest, AreNotMeasuredWhereAnybodyWasNotThere) {
  EXPECT_THAT(Outcomes(CpuBars(Results())),
              ::testing::Each(Bar::Outcome::kNotMeasured));
  Results alone;
  alone.Add({"forward", "psm", 64, 1}, Cpu(30));
  // Eight connections are no answer to a bar about one.
  alone.Add({"forward", "haproxy", 64, 8}, Cpu(60));
  // Nor is a peer of which no CPU was seen.
  alone.Add({"forward", "haproxy", 64, 1}, Cpu(0));
  EXPECT_THAT(Outcomes(CpuBars(alone)),
              ::testing::Each(Bar::Outcome::kNotMeasured));
}

TEST(HoldTest, TellsAtMostFromBelow) {
  EXPECT_EQ(Hold("p", 2.0, 2, "s").outcome, Bar::Outcome::kHolds);
  EXPECT_EQ(Hold("p", 2.0, 2, "s", true).outcome, Bar::Outcome::kMissed);
  EXPECT_EQ(Hold("p", 2.1, 2, "s").outcome, Bar::Outcome::kMissed);
  EXPECT_EQ(Hold("p", std::nullopt, 2, "s").outcome,
            Bar::Outcome::kNotMeasured);
}

}  // namespace
}  // namespace psm::bench
