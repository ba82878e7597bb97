#include "tests/bench/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace psm::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Report SmallReport() {
  Report report;
  report.machine = "2 cores";
  report.versions = {{"psm", "abc"}, {"haproxy", "2.6"}};
  report.rows = {{{"direct", "none", 1, 1}, {500, 0, 1000, 99, 120, 0}, 3},
                 {{"forward", "psm", 64, 8},
                  {12345, 20.126, 9876.5, 3000.4, 4000.6, 20480},
                  3}};
  report.bars = {Hold("low", 0.9, 0.85, "x"), Hold("lower", 0.5, 0.85, "x"),
                 Hold("lowest", std::nullopt, 64, "MiB")};
  return report;
}

TEST(ReportTest, JsonHasEveryFieldOfARowAndNoOther) {
  const auto json = nlohmann::ordered_json::parse(JsonOf(SmallReport()));
  EXPECT_EQ(json["machine"], "2 cores");
  EXPECT_EQ(json["versions"]["haproxy"], "2.6");
  ASSERT_EQ(json["rows"].size(), 2u);
  EXPECT_EQ(json["rows"][1].dump(),
            R"({"scenario":"forward","via":"psm","concurrency":64,)"
            R"("connections":8,"calls":12345,"cpu_us_per_call":20.13,)"
            R"("calls_per_s":9876.5,"p50_us":3000,"p99_us":4001,)"
            R"("peak_rss_kib":20480,"runs":3})");
}

TEST(ReportTest, JsonSaysWhatWasNotMeasured) {
  const auto json = nlohmann::ordered_json::parse(JsonOf(SmallReport()));
  ASSERT_EQ(json["bars"].size(), 3u);
  EXPECT_EQ(json["bars"][0]["outcome"], "MISSED");
  EXPECT_EQ(json["bars"][0]["measured"], 0.9);
  EXPECT_EQ(json["bars"][1]["outcome"], "HOLDS");
  EXPECT_EQ(json["bars"][2]["outcome"], "NOT MEASURED");
  EXPECT_TRUE(json["bars"][2]["measured"].is_null());
}

TEST(ReportTest, TheTableHidesNoMiss) {
  const std::string text = TextOf(SmallReport());
  EXPECT_THAT(text, HasSubstr("MISSED        low: 0.90 x (limit 0.85 x)"));
  EXPECT_THAT(text, HasSubstr("HOLDS         lower: 0.50 x"));
  EXPECT_THAT(text, HasSubstr("NOT MEASURED  lowest: - (limit 64 MiB)"));
  EXPECT_THAT(text, HasSubstr("1 of 3 hold, 1 missed, 1 not measured"));
}

TEST(ReportTest, WithoutAProxyThereIsNoCostOfOne) {
  const std::string text = TextOf(SmallReport());
  EXPECT_THAT(text, HasSubstr("direct    none         1      1            -"));
  EXPECT_THAT(text, Not(HasSubstr(" 0.0 ")));
}

TEST(ReportTest, TheMachineHasCores) {
  EXPECT_THAT(ThisMachine(), HasSubstr(" cores, "));
  EXPECT_THAT(ThisMachine(), HasSubstr("Linux"));
}

}  // namespace
}  // namespace psm::bench
