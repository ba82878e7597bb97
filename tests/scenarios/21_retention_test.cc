// 21. Records that are old enough go, and the log, its auditor and those who
// keep receipts go on; records that somebody takes away are missed.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/cli/said.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Retention : public ::testing::Test {
 protected:
  void SetUp() override {
    MeshOptions options;
    options.agreements = "records_retention { seconds: 172800 }";
    auto mesh = Mesh::Start(options);
    ASSERT_TRUE(mesh.ok()) << mesh.status();
    mesh_ = *std::move(mesh);
  }
  // What a verb says, on lines that do not end at a width.
  Said Psm(const std::string& arguments) {
    Said said = RunPsm(PSM_CLI, mesh_->folder().root(), arguments);
    std::replace(said.text.begin(), said.text.end(), '\n', ' ');
    return said;
  }
  // Until the agency has proved every receipt that it was given.
  void AwaitProofs() {
    const absl::Duration start = mesh_->clock().Monotonic();
    Said said;
    do {
      said = Psm("verify receipts --offline");
    } while (said.code != 0 &&
             mesh_->clock().Monotonic() - start < absl::Seconds(30));
    ASSERT_EQ(said.code, 0) << said.text;
  }

  std::unique_ptr<Mesh> mesh_;
};

TEST_F(Retention, OldRecordsGoAndWhatIsTakenAwayBesidesIsMissed) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(AskTax(*mesh_).status.ok());
  AwaitProofs();
  ASSERT_EQ(mesh_->Records({.kind = Record::EXCHANGE})->size(), 5u);
  Said said = Psm("verify log");
  ASSERT_EQ(said.code, 0) << said.text;

  LogWatch log = mesh_->WatchLog(kGatewaySystem);
  mesh_->AdvanceClock(absl::Hours(3 * 24));
  const auto line = log.Await({"records_expunged"}, absl::Seconds(30));
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->at("records"), "5");

  const auto records = mesh_->Records({});
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front().kind(), Record::EXPUNGED);
  EXPECT_THAT(Psm("records").text, HasSubstr("expunged records 0 to 4"));
  said = Psm("verify log");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, AllOf(HasSubstr("5 records expunged"),
                               HasSubstr("consistent with the checkpoint")));
  said = Psm("verify receipts --offline");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, HasSubstr("proved"));
  said = Psm("reconcile --grace 0");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text,
              AllOf(HasSubstr("expunged"), Not(HasSubstr("missing"))));

  // A start finds it all in order.
  ASSERT_TRUE(mesh_->RestartSystem(std::string(kGatewaySystem)).ok());
  EXPECT_EQ(mesh_->Records({})->size(), 1u);
  EXPECT_EQ(Psm("verify log").code, 0);

  // Somebody takes away what is left.
  ASSERT_TRUE(mesh_->StopSystem(std::string(kGatewaySystem)).ok());
  std::vector<fs::path> segments;
  for (const auto& file : fs::directory_iterator(mesh_->folder().Records())) {
    if (file.path().filename().string().starts_with("segment-"))
      segments.push_back(file.path());
  }
  ASSERT_FALSE(segments.empty());
  for (const fs::path& segment : segments) fs::remove(segment);
  said = Psm("verify log");
  EXPECT_EQ(said.code, 1) << said.text;
  EXPECT_THAT(said.text, HasSubstr("records end before"));
}

}  // namespace
}  // namespace psm::testing
