#include "services/programmes/household_facts.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "psm/linkage/v1/linkage.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "psm/tax/v1/tax.pb.h"
#include "services/programme_rules/test_programmes.h"

namespace psm {
namespace {

using testing::ElementsAre;

constexpr char kAffair[] = "programme-navigation";

// Two live together; the second pays tax in Yunagi.
class FakeRegister final : public residents::v1::ResidentsService::Service {
 public:
  grpc::Status GetHousehold(
      grpc::ServerContext* context,
      const residents::v1::GetHouseholdRequest* request,
      residents::v1::GetHouseholdResponse* response) override {
    EXPECT_EQ(agency::CallContext::From(*context).affair, kAffair);
    if (request->subject() == "elsewhere")
      return agency::ToGrpc(
          agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_RESIDENT", "no"));
    for (const char* subject : {"first", "second"}) {
      residents::v1::Member& member = *response->add_members();
      member.set_subject(subject);
      member.set_birth_date("1990-01-01");
      member.set_tax_municipality(std::string(subject) == "first" ? "akatsuki"
                                                                  : "yunagi");
    }
    return grpc::Status::OK;
  }
};

class FakeLinkage final : public linkage::v1::LinkageService::Service {
 public:
  grpc::Status Retrieve(grpc::ServerContext* context,
                        const linkage::v1::RetrieveRequest* request,
                        linkage::v1::RetrieveResponse* response) override {
    EXPECT_EQ(agency::CallContext::From(*context).affair, kAffair);
    EXPECT_THAT(request->attributes(), ElementsAre("tax.category"));
    linkage::v1::Evidence& leg = *response->add_evidence();
    leg.set_dataset("tax");
    leg.set_provider(request->providers().at("tax"));
    asked.push_back(leg.provider());
    if (refuse) {
      leg.mutable_status()->ParseFromString(
          ToRpcStatus(MakeError(absl::StatusCode::kNotFound, "NOT_A_TAXPAYER",
                                Party::kProvider, "no")));
      return grpc::Status::OK;
    }
    tax::v1::GetTaxStatusResponse status;
    status.set_category(tax::v1::GetTaxStatusResponse::EXEMPT);
    leg.set_type_name(status.GetDescriptor()->full_name());
    leg.set_message(status.SerializeAsString());
    return grpc::Status::OK;
  }
  bool refuse = false;
  std::vector<std::string> asked;
};

class HouseholdFactsTest : public testing::Test {
 protected:
  HouseholdFactsTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&register_);
    builder.RegisterService(&linkage_);
    server_ = builder.BuildAndStart();
  }
  absl::StatusOr<Facts> Ask(const std::set<std::string>& agreed,
                            const std::string& subject = "first") {
    return facts_.Ask(call_, subject, agreed);
  }

  FakeRegister register_;
  FakeLinkage linkage_;
  std::unique_ptr<grpc::Server> server_;
  GatewayFacts facts_{"akatsuki", &TestProgrammes(),
                      [this] { return server_->InProcessChannel({}); }};
  agency::CallContext call_ =
      agency::FakeCall("portal/terminal", "own-request", {"fits"}).call();
};

TEST_F(HouseholdFactsTest, AsksEachMembersOwnTaxOfficeForTheCategoryAlone) {
  const auto facts = Ask({"residents", "tax"});
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_THAT(linkage_.asked, ElementsAre("akatsuki/tax", "yunagi/tax"));
  EXPECT_EQ(facts->sources.size(), 3U);
  const auto& fields = facts->fields.at("price-relief-2026");
  EXPECT_EQ(fields.size(), 4U) << "birth date and category of both";
  for (const auto& field : fields) {
    EXPECT_FALSE(field.value().empty()) << field.field().id();
    EXPECT_FALSE(field.provider().empty());
  }
}

TEST_F(HouseholdFactsTest, AsksNobodyThePersonDoesNotAgreeTo) {
  const auto household = Ask({"residents"});
  ASSERT_TRUE(household.ok());
  EXPECT_EQ(household->sources.size(), 1U);
  EXPECT_TRUE(linkage_.asked.empty());
  const auto nothing = Ask({"tax"});
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->sources.empty()) << "whose tax, nobody knows";
}

TEST_F(HouseholdFactsTest, EveryFailureHasItsReason) {
  EXPECT_EQ(ReasonOf(Ask({"residents"}, "elsewhere").status()),
            "NOT_A_RESIDENT");
  linkage_.refuse = true;
  EXPECT_EQ(ReasonOf(Ask({"residents", "tax"}).status()), "EVIDENCE_MISSING");
}

}  // namespace
}  // namespace psm
