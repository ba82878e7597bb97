// Every contract of the repository compiles, and the one in protos/README.md.
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/contracts/annotation_reader.h"
#include "mesh/contracts/plan.h"
#include "mesh/contracts/testing/contract_text.h"

namespace psm {
namespace {

using google::protobuf::FileDescriptorSet;

class RealContractsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream in(PSM_CONTRACT_SET, std::ios::binary);
    ASSERT_TRUE(set_.ParseFromIstream(&in)) << PSM_CONTRACT_SET;
    auto contracts = ContractSet::Create({&set_, 1});
    ASSERT_TRUE(contracts.ok()) << contracts.status();
    contracts_ = *contracts;
  }
  FileDescriptorSet set_;
  std::shared_ptr<const ContractSet> contracts_;
};

TEST_F(RealContractsTest, EveryAnnotatedMethodHasAPlan) {
  std::size_t annotated = 0;
  for (const auto& file : set_.file()) {
    for (const auto& service : file.service()) {
      for (const auto& method : service.method()) {
        const std::string name =
            file.package() + "." + service.name() + "/" + method.name();
        const MethodPlan* plan = contracts_->FindByName(name);
        if (!method.options().HasExtension(annotations::v1::method)) {
          EXPECT_EQ(plan, nullptr) << name;
          continue;
        }
        ++annotated;
        ASSERT_NE(plan, nullptr) << name;
        EXPECT_EQ(contracts_->FindByPath("/" + name), plan);
        EXPECT_EQ(plan->transparent, plan->request == nullptr) << name;
        EXPECT_EQ(plan->transparent, plan->response == nullptr) << name;
      }
    }
  }
  EXPECT_EQ(contracts_->methods().size(), annotated);
  EXPECT_GT(annotated, 10u);
}

TEST_F(RealContractsTest, AgenciesServicesAreAllAnnotatedAndTheMeshsOwnNot) {
  std::set<std::string> own;
  for (const auto& file : set_.file()) {
    for (const auto& service : file.service()) {
      const std::string name = file.package() + "." + service.name();
      bool annotated = false;
      for (const MethodPlan* plan : contracts_->methods())
        annotated = annotated || plan->service == name;
      if (!annotated) own.insert(name);
    }
  }
  EXPECT_EQ(
      own,
      (std::set<std::string>{
          "psm.disclosure.v1.DisclosureService", "psm.events.v1.EventsService",
          "psm.holdings.v1.HoldingsService", "psm.linkage.v1.LinkageService",
          "psm.records.v1.RecordsService", "psm.subjects.v1.SubjectsService"}));
}

TEST_F(RealContractsTest, TaxStatusReadsAsItsProtoSays) {
  const MethodPlan* plan =
      contracts_->FindByPath("/psm.tax.v1.TaxService/GetTaxStatus");
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->attributes,
            (std::vector<std::string>{"arrears", "category", "income"}));
  EXPECT_EQ(plan->request_attributes, 0u);
  EXPECT_EQ(plan->response_attributes, 7u);
  EXPECT_EQ(plan->request_subject_field, 1);
  EXPECT_EQ(plan->response_as_of_field, 5);
  EXPECT_TRUE(plan->evidence);
  EXPECT_NE(plan->FindReason("NOT_A_TAXPAYER"), nullptr);
  EXPECT_EQ(contracts_->FindEvidence("tax", "income"),
            std::vector<const MethodPlan*>{plan});
}

// What protos/README.md tells newcomers to write.
TEST(ReadmeExampleTest, CompilesAndReadsAsTheReadmeSays) {
  std::ifstream in(PSM_PROTOS_README);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string fence = "```proto\n";
  const std::size_t start = text.find(fence);
  ASSERT_NE(start, std::string::npos);
  const std::size_t end = text.find("```", start + fence.size());
  const FileDescriptorSet set =
      CompileText({{"loans.proto", text.substr(start + fence.size(),
                                               end - start - fence.size())}});
  auto contracts = ContractSet::Create({&set, 1});
  ASSERT_TRUE(contracts.ok()) << contracts.status();
  const MethodPlan* plan =
      (*contracts)->FindByName("psm.loans.v1.LoansService/GetLoans");
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->attributes, (std::vector<std::string>{"loans", "overdue"}));
  EXPECT_EQ((*contracts)->FindEvidence("loans", "overdue"),
            std::vector<const MethodPlan*>{plan});
}

}  // namespace
}  // namespace psm
