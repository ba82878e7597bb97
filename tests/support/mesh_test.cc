#include "tests/support/mesh.h"

#include <csignal>
#include <filesystem>
#include <set>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/directory/directory.h"
#include "psm/tax/v1/tax.grpc.pb.h"

namespace psm::testing {
namespace {

using tax::v1::TaxService;

class MeshTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = Mesh::Start();
    ASSERT_TRUE(started.ok()) << started.status();
    mesh_ = *std::move(started);
  }
  static void TearDownTestSuite() { mesh_.reset(); }
  void SetUp() override { ASSERT_NE(mesh_, nullptr); }

  static CallReport Ask(absl::Duration timeout = absl::Seconds(10)) {
    tax::v1::GetTaxStatusRequest request;
    request.set_subject(mesh_->Person("hanako").CodeAt("akatsuki"));
    return mesh_->Client("akatsuki/benefits")
        .Call(&TaxService::Stub::GetTaxStatus,
              {.affair = "benefit-tax-exempt",
               .provider = "yunagi/tax",
               .timeout = timeout},
              request);
  }
  // Until it is answered: what is being repaired is back within seconds.
  static absl::Status AskUntilAnswered() {
    const absl::Duration deadline =
        mesh_->clock().Monotonic() + absl::Seconds(10);
    absl::Status status = Ask().status;
    while (!status.ok() && mesh_->clock().Monotonic() < deadline)
      status = Ask().status;
    return status;
  }

  static std::unique_ptr<Mesh> mesh_;
};
std::unique_ptr<Mesh> MeshTest::mesh_;

TEST_F(MeshTest, AnswersAndRecords) {
  const CallReport report = Ask();
  ASSERT_TRUE(report.status.ok()) << report.status;
  auto records = mesh_->Records({.exchange_id = report.exchange_id});
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(mesh_->Records({.method = "GetTaxStatus", .person = "hanako"})
                ->back()
                .exchange_id(),
            report.exchange_id);
  EXPECT_TRUE(
      mesh_->Records({.exchange_id = report.exchange_id, .person = "taro"})
          ->empty());
}

TEST_F(MeshTest, TwoMeshesStandSideBySide) {
  auto other = Mesh::Start();
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*other)->Endpoint(kGatewaySystem),
            mesh_->Endpoint(kGatewaySystem));
  const CallReport report = Ask();
  EXPECT_TRUE(report.status.ok()) << report.status;
  EXPECT_TRUE((*other)->Records({})->empty()) << "records of its own";
  const std::string folder = (*other)->folder().root();
  other->reset();
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(MeshTest, EveryAgencyHasItsOwnNameForAPerson) {
  const KnownPerson hanako = mesh_->Person("hanako");
  std::set<std::string> codes;
  for (const char* agency :
       {"akatsuki", "yunagi", "accounts", "identity", "hoshizora-bank"})
    codes.insert(hanako.CodeAt(agency));
  EXPECT_EQ(codes.size(), 5u);
  EXPECT_EQ(mesh_->Person("kakuu").CodeAt("gbizid"),
            mesh_->Person("kakuu").persona().corporate_number());
}

TEST_F(MeshTest, AProviderIsSlowedBrokenSilencedAndMended) {
  ASSERT_TRUE(Ask().status.ok());
  mesh_->Slow("yunagi/tax", absl::Milliseconds(300));
  EXPECT_GE(Ask().took, absl::Milliseconds(300));
  mesh_->Break("yunagi/tax");
  EXPECT_EQ(Ask().status.code(), absl::StatusCode::kUnavailable);
  mesh_->Mend("yunagi/tax");
  EXPECT_TRUE(AskUntilAnswered().ok());
  mesh_->Silence("yunagi/tax");
  EXPECT_EQ(Ask(absl::Milliseconds(300)).status.code(),
            absl::StatusCode::kDeadlineExceeded);
  mesh_->Break("yunagi/tax");  // ends the connections that lost bytes
  mesh_->Mend("yunagi/tax");
  EXPECT_TRUE(AskUntilAnswered().ok());
}

TEST_F(MeshTest, SystemsStopStartAndAreKilled) {
  ASSERT_TRUE(mesh_->StopSystem("yunagi/tax").ok());
  EXPECT_EQ(Ask().status.code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(mesh_->StartSystem("yunagi/tax").ok());
  EXPECT_TRUE(AskUntilAnswered().ok());
  ASSERT_TRUE(mesh_->KillSystem(kGatewaySystem, SIGKILL).ok());
  EXPECT_EQ(Ask().status.code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(mesh_->StartSystem(kGatewaySystem).ok());
  EXPECT_TRUE(AskUntilAnswered().ok());
  EXPECT_FALSE(mesh_->KillSystem("no/system", SIGKILL).ok());
}

TEST_F(MeshTest, AgreementsAreEditedAndBadOnesRefusedWithTheirLine) {
  EXPECT_TRUE(mesh_
                  ->EditAgreements(R"(
      affairs { id: "new-affair" title { ja: "a" en: "a" }
                statute { ja: "b" en: "b" } })")
                  .ok());
  const absl::Status refused = mesh_->EditAgreements("\n\nagreements { id: }");
  EXPECT_NE(refused.message().find("agreements.textproto:3"),
            absl::string_view::npos)
      << refused;
  EXPECT_TRUE(mesh_->EditAgreements("").ok());
}

TEST_F(MeshTest, TheClockMovesForAllProcesses) {
  auto before = mesh_->Records({.exchange_id = Ask().exchange_id});
  mesh_->AdvanceClock(absl::Hours(2));
  auto after = mesh_->Records({.exchange_id = Ask().exchange_id});
  EXPECT_GE(after->front().ask_time().seconds() -
                before->front().ask_time().seconds(),
            7200);
  mesh_->AdvanceClock(-absl::Hours(2));
}

TEST_F(MeshTest, AFullDiskIsFreedAgain) {
  mesh_->FillRecordsDisk();
  EXPECT_EQ(ReasonOf(Ask().status), "RECORD_NOT_DURABLE");
  mesh_->FreeRecordsDisk();
  EXPECT_TRUE(AskUntilAnswered().ok());
}

TEST(MeshStartTest, SaysWhatIsWrongWithAConfiguration) {
  auto mesh = Mesh::Start({.agreements = "agencies { id: \"Bad\" }"});
  ASSERT_FALSE(mesh.ok());
  EXPECT_NE(mesh.status().message().find("agreements.textproto:1"),
            absl::string_view::npos)
      << mesh.status();
}

}  // namespace
}  // namespace psm::testing
