// GatewayEvidence against a gRPC server that stands for the gateway.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/benefits/evidence_source.h"
#include "services/benefits/test_household.h"
#include "services/benefits/test_runs.h"

namespace psm {
namespace {

std::string Metadata(const grpc::ServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

class FakeResidents final : public residents::v1::ResidentsService::Service {
 public:
  grpc::Status GetHousehold(
      grpc::ServerContext* context,
      const residents::v1::GetHouseholdRequest* request,
      residents::v1::GetHouseholdResponse* response) override {
    for (const char* key :
         {"psm-affair", "psm-provider", "psm-exchange-id", "traceparent"}) {
      metadata[key] = Metadata(*context, key);
    }
    if (request->subject() != "hanako") {
      return agency::ToGrpc(agency::Refusal(absl::StatusCode::kNotFound,
                                            "NOT_A_RESIDENT", "not here"));
    }
    *response = HanakosHousehold();
    return grpc::Status::OK;
  }

  std::map<std::string, std::string> metadata;
};

// Answers nothing before all questions have come: one after another they would
// never be answered.
class FakeLinkage final : public linkage::v1::LinkageService::Service {
 public:
  grpc::Status RetrieveBatch(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<linkage::v1::RetrieveBatchResponse,
                               linkage::v1::RetrieveBatchRequest>* stream)
      override {
    EXPECT_EQ(Metadata(*context, "psm-affair"), "benefit-tax-exempt");
    std::vector<linkage::v1::RetrieveBatchRequest> asked;
    linkage::v1::RetrieveBatchRequest request;
    while (stream->Read(&request)) asked.push_back(request);
    for (const linkage::v1::RetrieveBatchRequest& one : asked) {
      ids.push_back(one.exchange_id());
      linkage::v1::RetrieveBatchResponse response;
      response.set_exchange_id(one.exchange_id());
      const std::string& subject = one.question().subject();
      if (subject == "fumie") {
        response.mutable_status()->ParseFromString(
            ToRpcStatus(MakeError(absl::StatusCode::kPermissionDenied,
                                  "NO_AGREEMENT", Party::kConsumer, "no")));
      } else {
        response.mutable_answer()->add_evidence()->set_provider(subject);
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  std::vector<std::string> ids;  // of all questions so far
};

class GatewayEvidenceTest : public testing::Test {
 protected:
  GatewayEvidenceTest() {
    call_.exchange_id = "parent";
    call_.traceparent =
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  }

  FakeResidents residents_;
  FakeLinkage linkage_;
  MeshStandIn stand_in_{&residents_, &linkage_};
  GatewayEvidence evidence_{[this] { return stand_in_.channel(); }};
  agency::CallContext call_;
};

TEST_F(GatewayEvidenceTest, AHouseholdIsAskedForWithProviderAffairAndOwnId) {
  const auto household = evidence_.GetHousehold(
      {.call = &call_}, "benefit-tax-exempt", "akatsuki/residents", "hanako");
  ASSERT_TRUE(household.ok()) << household.status();
  EXPECT_EQ(household->household.members_size(), 3);
  EXPECT_EQ(household->provider, "akatsuki/residents");
  EXPECT_TRUE(IsUuid(household->exchange_id));
  EXPECT_EQ(residents_.metadata["psm-exchange-id"], household->exchange_id);
  EXPECT_EQ(residents_.metadata["psm-provider"], "akatsuki/residents");
  EXPECT_EQ(residents_.metadata["psm-affair"], "benefit-tax-exempt");
  EXPECT_EQ(residents_.metadata["traceparent"], call_.traceparent);
}

TEST_F(GatewayEvidenceTest, ARefusalKeepsItsReason) {
  const auto household = evidence_.GetHousehold(
      {.call = &call_}, "benefit-tax-exempt", "akatsuki/residents", "taro");
  EXPECT_EQ(household.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(household.status()), "NOT_A_RESIDENT");
}

TEST_F(GatewayEvidenceTest, QuestionsAreAskedAtOnceAndAnsweredInOrder) {
  std::vector<HouseholdQuestion> questions(3);
  questions[0].request.set_subject("hanako");
  questions[1].request.set_subject("fumie");
  questions[2].request.set_subject("minato");
  const auto answers =
      evidence_.RetrieveAll({.call = &call_}, "benefit-tax-exempt", questions);
  ASSERT_EQ(answers.size(), 3U);
  ASSERT_TRUE(answers[0].ok()) << answers[0].status();
  EXPECT_EQ(answers[0]->evidence(0).provider(), "hanako");
  EXPECT_EQ(ReasonOf(answers[1].status()), "NO_AGREEMENT");
  ASSERT_TRUE(answers[2].ok()) << answers[2].status();
  EXPECT_EQ(answers[2]->evidence(0).provider(), "minato");
}

TEST_F(GatewayEvidenceTest, OnlyARunAsksTheSameUnderTheSameIdAgain) {
  HouseholdQuestion question{"hanako", {}};
  question.request.set_subject("fumie");
  question.request.add_attributes("tax.category");
  (*question.request.mutable_providers())["tax"] = "yunagi/tax";
  (*question.request.mutable_providers())["accounts"] = "accounts/accounts";
  HouseholdQuestion other_head = question;
  other_head.head = "taro";
  HouseholdQuestion other_attribute = question;
  other_attribute.request.set_attributes(0, "tax.income");
  HouseholdQuestion other_provider = question;
  (*other_provider.request.mutable_providers())["tax"] = "akatsuki/tax";
  const std::vector<HouseholdQuestion> questions = {
      question, other_head, other_attribute, other_provider};
  const auto ids = [&](const Inquiry& inquiry, const std::string& affair) {
    linkage_.ids.clear();
    evidence_.RetrieveAll(inquiry, affair, questions);
    const auto household =
        evidence_.GetHousehold(inquiry, affair, "akatsuki/residents", "hanako");
    std::set<std::string> all(linkage_.ids.begin(), linkage_.ids.end());
    all.insert(household->exchange_id);
    EXPECT_EQ(all.size(), questions.size() + 1);
    return all;
  };
  const std::string affair = "benefit-tax-exempt";
  const std::set<std::string> first = ids({.run = "run"}, affair);
  EXPECT_EQ(ids({.run = "run"}, affair), first);
  for (const std::set<std::string>& other :
       {ids({.run = "another"}, affair), ids({.call = &call_}, affair),
        ids({.call = &call_}, affair)}) {
    for (const std::string& id : other) EXPECT_EQ(first.count(id), 0u);
  }
  EXPECT_NE(ids({.call = &call_}, affair), ids({.call = &call_}, affair));
}

TEST_F(GatewayEvidenceTest, ADeadGatewayIsUnavailable) {
  stand_in_.Stop();
  call_.deadline = SystemClock().Now() + absl::Seconds(2);
  const auto answers =
      evidence_.RetrieveAll({.call = &call_}, "benefit-tax-exempt",
                            std::vector<HouseholdQuestion>(3));
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& answer : answers) EXPECT_FALSE(answer.ok());
}

}  // namespace
}  // namespace psm
