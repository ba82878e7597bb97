// A run that ends amid a batch, as a crash ends it, and goes on: what it asks
// of a gateway's stand-in, and under which ids.
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/mutex.h"
#include "mesh/base/status_macros.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/benefits/payment_run.h"
#include "services/benefits/test_office.h"
#include "services/benefits/test_runs.h"

namespace psm {
namespace {

using benefits::v1::GetPaymentRunResponse;
using linkage::v1::RetrieveBatchRequest;
using linkage::v1::RetrieveBatchResponse;

// What was asked, and the ids it was asked under, one for each time.
class AskedQuestions {
 public:
  void Add(const std::string& question, const std::string& id) {
    MutexLock lock(mu_);
    asked_[question].push_back(id);
  }
  std::map<std::string, std::vector<std::string>> all() {
    MutexLock lock(mu_);
    return asked_;
  }

 private:
  Mutex mu_;
  std::map<std::string, std::vector<std::string>> asked_ PSM_GUARDED_BY(mu_);
};

// Everybody lives alone.
class Residents final : public residents::v1::ResidentsService::Service {
 public:
  explicit Residents(AskedQuestions& asked) : asked_(asked) {}
  grpc::Status GetHousehold(
      grpc::ServerContext* context,
      const residents::v1::GetHouseholdRequest* request,
      residents::v1::GetHouseholdResponse* response) override {
    const auto id = context->client_metadata().find("psm-exchange-id");
    asked_.Add(absl::StrCat(request->subject(), " household"),
               {id->second.data(), id->second.size()});
    *response = HanakosHousehold();
    response->mutable_members()->DeleteSubrange(1, 2);
    response->mutable_members(0)->set_subject(request->subject());
    return grpc::Status::OK;
  }

 private:
  AskedQuestions& asked_;
};

// Everybody is exempt and has an account.
class Linkage final : public linkage::v1::LinkageService::Service {
 public:
  Linkage(AskedQuestions& asked, agency::Database& database)
      : asked_(asked), database_(database) {}

  grpc::Status RetrieveBatch(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<RetrieveBatchResponse, RetrieveBatchRequest>*
          stream) override {
    RetrieveBatchRequest request;
    while (stream->Read(&request)) {
      const std::string& attribute = request.question().attributes(0);
      const bool of_account = attribute == "accounts.account";
      asked_.Add(absl::StrCat(request.question().subject(), " ", attribute),
                 request.exchange_id());
      if (of_account) StopKeepingOnce();
      RetrieveBatchResponse response;
      response.set_exchange_id(request.exchange_id());
      *response.mutable_answer()->add_evidence() =
          of_account ? AccountEvidence(HanakosAccount())
                     : TaxEvidence("yunagi/tax",
                                   tax::v1::GetTaxStatusResponse::EXEMPT);
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  void AwaitStop() {
    EXPECT_EQ(stopped_.get_future().wait_for(std::chrono::seconds(20)),
              std::future_status::ready);
  }

 private:
  // From the first question about an account on, nothing is kept of any
  // household: what a crash leaves before the batch is complete.
  void StopKeepingOnce() {
    MutexLock lock(mu_);
    if (stopped_once_) return;
    stopped_once_ = true;
    EXPECT_TRUE(database_
                    .Write([](soci::session& sql) {
                      sql << "CREATE TRIGGER crash BEFORE UPDATE ON "
                             "run_entries BEGIN SELECT RAISE(ABORT, 'crash'); "
                             "END";
                      return absl::OkStatus();
                    })
                    .ok());
    stopped_.set_value();
  }

  AskedQuestions& asked_;
  agency::Database& database_;
  Mutex mu_;
  bool stopped_once_ PSM_GUARDED_BY(mu_) = false;
  std::promise<void> stopped_;
};

class ResumedRunTest : public OfficeTest {
 protected:
  static constexpr int kHeads = 70;
  static constexpr int kBatch = 64;     // of payment_run_work.cc
  static constexpr int kQuestions = 3;  // about each: they live alone

  void SetUp() override { Open(); }
  void Open() {
    runs_ = std::make_unique<PaymentRuns>(PaymentRuns::Parts{
        &TestProgrammes(), &mesh_desk_, &mesh_, &registry_, database_.get(),
        &payments_, &clock_, &SystemRandom()});
  }
  std::string Begin() {
    benefits::v1::StartPaymentRunRequest request;
    request.set_programme("tax-exempt-2026");
    request.set_objection_days(14);
    const auto started = runs_->Start(Call(), request);
    EXPECT_TRUE(started.ok()) << started.status();
    return started->run_id();
  }
  void KeepAgain() {
    EXPECT_TRUE(database_
                    ->Write([](soci::session& sql) {
                      sql << "DROP TRIGGER crash";
                      return absl::OkStatus();
                    })
                    .ok());
  }

  AskedQuestions asked_;
  Residents residents_{asked_};
  Linkage linkage_{asked_, *database_};
  MeshStandIn stand_in_{&residents_, &linkage_};
  GatewayEvidence mesh_{[this] { return stand_in_.channel(); }};
  ApplicationDesk mesh_desk_{{"akatsuki", &TestProgrammes(), &mesh_,
                              database_.get(), &clock_, &SystemRandom()}};
  std::unique_ptr<PaymentRuns> runs_;
};

TEST_F(ResumedRunTest, AsksAgainUnderTheSameIdsAndAnotherRunUnderOthers) {
  ASSERT_TRUE(runs_
                  ->ImportHeadsOnce([](PaymentRuns::Take take) -> absl::Status {
                    for (int i = 0; i < kHeads; ++i)
                      PSM_RETURN_IF_ERROR(take(absl::StrCat("head-", i)));
                    return absl::OkStatus();
                  })
                  .ok());
  const std::string id = Begin();
  linkage_.AwaitStop();
  runs_.reset();
  EXPECT_EQ(Count("applications"), 0) << "the batch was not kept";
  KeepAgain();
  Open();
  const GetPaymentRunResponse run = AwaitRun(*runs_, id);
  EXPECT_EQ(run.notified(), kHeads);
  EXPECT_EQ(Count("applications"), kHeads);

  std::map<std::string, std::string> ids;
  std::set<std::string> different;
  int again = 0;
  for (const auto& [question, times] : asked_.all()) {
    const std::set<std::string> under(times.begin(), times.end());
    EXPECT_EQ(under.size(), 1u) << question;
    ids[question] = times.front();
    different.insert(times.front());
    if (times.size() > 1) ++again;
  }
  EXPECT_EQ(again, kBatch * kQuestions);
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kHeads * kQuestions));
  EXPECT_EQ(different.size(), ids.size()) << "no two questions share one";

  AwaitRun(*runs_, Begin());
  for (const auto& [question, times] : asked_.all()) {
    const std::set<std::string> under(times.begin(), times.end());
    EXPECT_EQ(under.size(), 2u) << question;
  }
}

}  // namespace
}  // namespace psm
