// 11. A client in another language, with what `psm env` prints and nothing of
// ours.
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_split.h"
#include "mesh/cli/environment_lines.h"
#include "mesh/cli/process.h"
#include "nlohmann/json.hpp"
#include "tests/scenarios/scenario.h"
#include "tests/support/missing.h"

namespace psm::testing {
namespace {

class NodeClient : public Scenario {
 protected:
  // What tests/scenarios/node/client.js prints. Fails the test where it fails.
  static nlohmann::json Run(const std::string& system,
                            const std::string& subject) {
    SpawnOptions node;
    node.command = {PSM_NODE, PSM_NODE_CLIENT};
    node.log = mesh().folder().root() + "/logs/node.log";
    for (absl::string_view line :
         absl::StrSplit(EnvironmentLines(mesh().folder(), system), '\n',
                        absl::SkipEmpty())) {
      std::pair<std::string, std::string> variable =
          absl::StrSplit(line, absl::MaxSplits('=', 1));
      node.environment.push_back(std::move(variable));
    }
    node.environment.insert(node.environment.end(),
                            {{"NODE_PATH", PSM_NODE_MODULES},
                             {"PSM_PROTOS", PSM_PROTOS_FOLDER},
                             {"PSM_SUBJECT", subject}});
    const absl::Status ran = RunProgram(node);
    EXPECT_TRUE(ran.ok()) << ran;
    return nlohmann::json::parse(LastLines(node.log, 1), nullptr,
                                 /*allow_exceptions=*/false);
  }
  void SetUp() override {
    Scenario::SetUp();
    if (access(PSM_NODE_MODULES "/@grpc/grpc-js", R_OK) != 0) {
      PSM_MISSING(
          kRequireNode,
          "npm ci could not install @grpc/grpc-js into " PSM_NODE_MODULES
          "; no client in another language was tried");
    }
  }
};

TEST_F(NodeClient, CallsThroughTheGatewayAndIsRefusedLikeAnybody) {
  const nlohmann::json seen =
      Run(kBenefits, mesh().Person("hanako").CodeAt("akatsuki"));
  ASSERT_TRUE(seen.is_object());
  EXPECT_EQ(seen["good"]["code"], 0) << seen["good"];
  EXPECT_EQ(seen["good"]["answer"]["category"], "EXEMPT");
  EXPECT_EQ(seen["good"]["answer"]["income_yen"], 0);
  EXPECT_EQ(seen["answered"], 50);
  EXPECT_EQ(seen["refused"]["code"], 7);  // PERMISSION_DENIED
  EXPECT_EQ(seen["refused"]["hasDetails"], true);
  EXPECT_EQ(seen["forged"]["code"], 3);  // INVALID_ARGUMENT

  EXPECT_EQ(
      Released(OnlyRecord(mesh(), {.exchange_id = seen["good"]["exchange"]})),
      std::vector<std::string>{"category"});
  EXPECT_EQ(
      OnlyRecord(mesh(), {.exchange_id = seen["refused"]["exchange"]}).reason(),
      "NO_AGREEMENT");
  EXPECT_EQ(
      OnlyRecord(mesh(), {.exchange_id = seen["forged"]["exchange"]}).reason(),
      "SUBJECT_CODE_INVALID");
  EXPECT_EQ(mesh()
                .Records({.method = "GetTaxStatus", .kind = Record::EXCHANGE})
                ->size(),
            51u);
}

}  // namespace
}  // namespace psm::testing
