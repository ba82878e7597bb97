// The operator restores a backup: the gateway signs no tree that is smaller
// than the one it has published, or another, and says what to do.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "mesh/directory/directory.h"
#include "tests/crash/mortal_gateway.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Rollback : public MortalGateway {
 protected:
  void AskTimes(int count) {
    StartClients(/*count=*/1, /*pause=*/0);
    EXPECT_TRUE(clients().AwaitAnswers(count, absl::Seconds(30)));
    FinishClients();
    ExpectNothingLost();
  }
  void StopGateway() { ASSERT_TRUE(mesh().StopSystem(kGatewaySystem).ok()); }
  static void Replace(const std::string& folder, const std::string& by) {
    fs::remove_all(folder);
    fs::copy(by, folder, fs::copy_options::recursive);
  }
  std::string PublishedCheckpoint() {
    std::ifstream in(mesh().folder().PublishedLog() + "/checkpoint");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // What the gateway says, which does not start.
  std::string Refusal() {
    LogWatch said = mesh().WatchLog(kGatewaySystem);
    EXPECT_FALSE(mesh().StartSystem(kGatewaySystem).ok());
    const auto line = said.Await({"not_started"}, absl::Seconds(10));
    EXPECT_TRUE(line.ok()) << line.status();
    return line.ok() ? line->at("error") : "";
  }
};

TEST_F(Rollback, ASmallerTreeThanThePublishedOneIsNotSigned) {
  const std::string records = mesh().folder().Records();
  const std::string backup = mesh().folder().root() + "/backup";
  const std::string newest = mesh().folder().root() + "/newest";
  AskTimes(5);
  StopGateway();
  ASSERT_TRUE(ExpectLogHolds());
  const std::uint64_t old_size = last_audit_.entries;
  fs::copy(records, backup, fs::copy_options::recursive);
  StartGateway();
  AskTimes(5);
  StopGateway();
  ASSERT_TRUE(ExpectLogHolds());
  const std::uint64_t size = last_audit_.entries;
  ASSERT_GT(size, old_size);
  fs::copy(records, newest, fs::copy_options::recursive);
  const std::string checkpoint = PublishedCheckpoint();

  Replace(records, backup);
  EXPECT_THAT(
      Refusal(),
      AllOf(HasSubstr(absl::StrCat("the log holds ", old_size, " records")),
            HasSubstr(absl::StrCat("a checkpoint of ", size, " was published")),
            HasSubstr("restore the newest copy of the records"),
            HasSubstr(records)));
  EXPECT_EQ(PublishedCheckpoint(), checkpoint);
  // Nor is one begun anew.
  fs::remove_all(records);
  fs::create_directory(records);
  EXPECT_THAT(Refusal(), HasSubstr("the log holds 0 records"));
  EXPECT_EQ(PublishedCheckpoint(), checkpoint);

  // It is as it says.
  Replace(records, newest);
  StartGateway();
  AskTimes(3);
  ExpectNothingEverLost();

  // Nor with the published log rolled back: a checkpoint is kept elsewhere.
  StartGateway();
  StopGateway();
  const std::string log = mesh().folder().PublishedLog();
  const std::string kept = mesh().folder().GatewaysCheckpoint();
  fs::remove_all(log);
  Replace(records, backup);
  EXPECT_THAT(Refusal(),
              AllOf(HasSubstr(kept), HasSubstr("was kept when it had")));
  EXPECT_FALSE(fs::exists(log + "/checkpoint"));
  // With that gone, too, there is nothing that the gateway could know better
  // by: the auditor does.
  fs::remove(kept);
  StartGateway();
  StopGateway();
  AuditOptions audit;
  audit.log = log;
  audit.kept = KeptByAuditor();
  const auto report = AuditLog(audit, log_keys(), SystemClock());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_TRUE(report->finding.has_value());
  EXPECT_THAT(report->finding->what, HasSubstr("rolled back"));
}

}  // namespace
}  // namespace psm::testing
