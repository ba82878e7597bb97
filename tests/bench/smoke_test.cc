// The race in small, without the proxies, so that it cannot rot: its figures
// mean nothing here.
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/cli/process.h"
#include "nlohmann/json.hpp"

namespace psm::bench {
namespace {

SpawnOptions Bench(const TempFolder& folder,
                   std::initializer_list<std::string> arguments) {
  SpawnOptions spawn;
  spawn.log = folder.File("log");
  spawn.command = {PSM_BENCH, "--run", folder.path()};
  spawn.command.insert(spawn.command.end(), arguments);
  return spawn;
}

TEST(BenchSmokeTest, MeasuresTheGatewayAndTheDirectCall) {
  const TempFolder folder;
  const absl::Status ended = RunProgram(
      Bench(folder, {"--proxies", "", "--rounds", "1", "--seconds", "0.4",
                     "--concurrency", "1,64", "--race-only"}));
  ASSERT_TRUE(ended.ok()) << ended;

  const auto json = nlohmann::json::parse(folder.Read("bench.json"));
  std::set<std::string> seen;
  for (const auto& row : json["rows"]) {
    SCOPED_TRACE(row.dump());
    seen.insert(row["scenario"].get<std::string>() + " " +
                row["via"].get<std::string>());
    EXPECT_GT(row["calls"], 0);
    EXPECT_GT(row["calls_per_s"], 0);
    EXPECT_LE(row["p50_us"], row["p99_us"]);
    EXPECT_EQ(row["runs"], 1);
    EXPECT_EQ(row["cpu_us_per_call"] > 0, row["via"] == "psm");
    EXPECT_EQ(row["peak_rss_kib"] > 0, row["via"] == "psm");
  }
  EXPECT_EQ(json["rows"].size(), 3u * 2 * 2);
  EXPECT_EQ(seen, (std::set<std::string>{"direct none", "exchange psm",
                                         "forward psm"}));
  EXPECT_FALSE(json["machine"].get<std::string>().empty());
  EXPECT_TRUE(json["versions"].contains("openssl"));
  for (const auto& bar : json["bars"])
    EXPECT_EQ(bar["outcome"], "NOT MEASURED") << bar;
  EXPECT_GT(std::distance(std::filesystem::directory_iterator(
                              folder.File("bench/records")),
                          std::filesystem::directory_iterator()),
            0)
      << "exchanges leave records";
}

TEST(BenchSmokeTest, SaysWhatItDoesNotKnow) {
  const TempFolder folder;
  EXPECT_FALSE(RunProgram(Bench(folder, {"--proxies", "squid"})).ok());
  EXPECT_NE(folder.Read("log").find("squid"), std::string::npos);
  EXPECT_EQ(folder.Read("bench.json"), "");
}

}  // namespace
}  // namespace psm::bench
