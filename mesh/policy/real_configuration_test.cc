// Every agreement of the repository's own configuration holds together.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/policy/policy_engine.h"

namespace psm {
namespace {

using ::testing::HasSubstr;

class RealConfigurationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto configuration = LoadConfiguration(
        std::vector<std::string>{PSM_SERVICES_FOLDER, PSM_CONTRACTS_FOLDER});
    ASSERT_TRUE(configuration.ok()) << configuration.status();
    auto contracts = ContractSet::Create(configuration->descriptor_sets);
    ASSERT_TRUE(contracts.ok()) << contracts.status();
    auto directory = Directory::Create(*configuration);
    ASSERT_TRUE(directory.ok()) << directory.status();
    auto engine = PolicyEngine::Create(*configuration, *directory, *contracts);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *engine;
  }
  std::shared_ptr<const PolicyEngine> engine_;
};

TEST_F(RealConfigurationTest, EveryAgreementAllowsWhatItGrants) {
  ASSERT_FALSE(engine_->agreements().empty());
  for (const CompiledAgreement* agreement : engine_->agreements()) {
    for (const CompiledGrant& grant : agreement->grants) {
      const System* provider =
          grant.providers.empty() ? nullptr : grant.providers[0];
      const Explanation explanation = engine_->Explain(
          *agreement->consumer, *grant.plan, agreement->affair->id, provider,
          agreement->start_time);
      EXPECT_TRUE(explanation.allowed)
          << agreement->id << ": " << explanation.rule;
    }
  }
}

TEST_F(RealConfigurationTest, NobodyMayAskForAnAccountToCollectArrears) {
  const MethodPlan* account = engine_->contracts().FindByName(
      "psm.accounts.v1.AccountsService/GetAccount");
  ASSERT_NE(account, nullptr);
  ASSERT_NE(engine_->directory().FindAffair("collect-arrears"), nullptr);
  for (const System* system : engine_->directory().systems()) {
    const Explanation explanation = engine_->Explain(
        *system, *account, "collect-arrears", nullptr,
        absl::FromCivil(absl::CivilDay(2026, 6, 1), absl::UTCTimeZone()));
    EXPECT_FALSE(explanation.allowed) << system->id;
    EXPECT_EQ(explanation.missing_agreement, "") << system->id;
    EXPECT_THAT(explanation.rule, HasSubstr("art. 9")) << system->id;
  }
}

}  // namespace
}  // namespace psm
