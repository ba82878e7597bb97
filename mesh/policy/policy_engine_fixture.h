// An engine with a few agreements, and questions to it.
#ifndef PSM_MESH_POLICY_POLICY_ENGINE_FIXTURE_H_
#define PSM_MESH_POLICY_POLICY_ENGINE_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/policy/small_mesh_for_test.h"

namespace psm {

inline constexpr char kAgreements[] = R"(
  agreements { id: "tax" version: 3 consumer: "town/benefits" affair: "benefit"
    statute { ja: "j" en: "e" }
    grants { method: "psm.tax.v1.TaxService/GetTaxStatus"
             attributes: "category" attributes: "income"
             providers: "city/tax" }
    valid_from: "2025-04-01" valid_through: "2026-03-31" }
  agreements { id: "account" version: 1 consumer: "town/benefits"
    affair: "benefit" statute { ja: "j" en: "e" }
    grants { method: "psm.accounts.v1.AccountsService/GetAccount"
             attributes: "account" }
    valid_from: "2025-04-01" }
  agreements { id: "items" version: 1 consumer: "bank/customers"
    affair: "address" consent {}
    grants { method: "psm.identity.v1.BasicItemsService/GetBasicItems"
             attributes: "address" attributes: "name" }
    valid_from: "2025-04-01" }
  agreements { id: "programmes" version: 1 consumer: "city/tax"
    affair: "arrears" statute { ja: "j" en: "e" }
    grants { method: "psm.benefits.v1.BenefitsService/ListProgrammes" }
    valid_from: "2025-04-01" }
)";

class PolicyEngineTest : public testing::Test {
 protected:
  PolicyEngineTest() { engine_ = Engine(kAgreements); }

  static std::shared_ptr<const PolicyEngine> Engine(
      const std::string& agreements, bool later_contracts = false) {
    auto engine = MakeEngine(agreements, later_contracts);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return engine.ok() ? *engine : nullptr;
  }
  Question Ask(const char* consumer, const char* method, const char* affair,
               const char* provider, const char* day = "2025-10-01") const {
    Question question;
    question.consumer = engine_->directory().FindSystem(consumer);
    question.plan = engine_->contracts().FindByName(method);
    question.affair = affair;
    question.provider = engine_->directory().FindSystem(provider);
    question.now = NoonOf(day);
    return question;
  }
  static Consent ConsentToItems() {
    Consent consent;
    consent.id = "c-1";
    consent.subject = "s";
    consent.consumer = "bank/customers";
    consent.affair = "address";
    consent.method = kItems;
    consent.attributes = {"address", "birth_date"};
    consent.issue_time = NoonOf("2025-09-01");
    consent.expire_time = NoonOf("2025-11-01");
    return consent;
  }
  static std::vector<std::string> Names(const Permit& permit) {
    return permit.plan().NamesOf(permit.attributes());
  }

  std::shared_ptr<const PolicyEngine> engine_;
};

// Checks code, reason and that metadata has `key` with `value`.
inline void ExpectRefusal(const absl::Status& status, absl::StatusCode code,
                          const std::string& reason,
                          const std::string& key = "",
                          const std::string& value = "") {
  EXPECT_EQ(status.code(), code) << status;
  std::optional<ErrorDetail> detail = DetailOf(status);
  ASSERT_TRUE(detail.has_value()) << status;
  EXPECT_EQ(detail->reason, reason);
  EXPECT_EQ(detail->party, Party::kConsumer);
  if (!key.empty()) {
    EXPECT_EQ(detail->metadata[key], value) << status;
  }
}

}  // namespace psm

#endif  // PSM_MESH_POLICY_POLICY_ENGINE_FIXTURE_H_
