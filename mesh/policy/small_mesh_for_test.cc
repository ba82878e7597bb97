#include "mesh/policy/small_mesh_for_test.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// Only what policy asks of contracts.
class SmallContractSet : public ContractSet {
 public:
  void Add(MethodPlan plan) {
    plan.path = "/" + plan.name;
    plan.service = plan.name.substr(0, plan.name.find('/'));
    std::sort(plan.attributes.begin(), plan.attributes.end());
    plans_.push_back(std::make_unique<MethodPlan>(std::move(plan)));
    methods_.push_back(plans_.back().get());
  }

  const MethodPlan* FindByPath(absl::string_view path) const override {
    return path.empty() ? nullptr : FindByName(path.substr(1));
  }
  const MethodPlan* FindByName(absl::string_view name) const override {
    for (const MethodPlan* plan : methods_)
      if (plan->name == name) return plan;
    return nullptr;
  }
  const std::vector<const MethodPlan*>& methods() const override {
    return methods_;
  }
  std::vector<const MethodPlan*> FindEvidence(
      absl::string_view, absl::string_view) const override {
    return {};
  }
  const google::protobuf::DescriptorPool& pool() const override {
    return *google::protobuf::DescriptorPool::generated_pool();
  }

 private:
  std::vector<std::unique_ptr<MethodPlan>> plans_;
  std::vector<const MethodPlan*> methods_;
};

}  // namespace

std::shared_ptr<const ContractSet> SmallContracts(bool later) {
  auto contracts = std::make_shared<SmallContractSet>();
  MethodPlan tax;
  tax.name = kTax;
  tax.dataset = "tax";
  tax.attributes =
      later ? std::vector<std::string>{"arrears", "basis", "category"}
            : std::vector<std::string>{"arrears", "category", "income"};
  contracts->Add(tax);
  MethodPlan account;
  account.name = kAccount;
  account.dataset = "accounts";
  account.attributes = {"account"};
  account.legal_limit = {"public_benefit", "登録法 第9条",
                         "Registration Act, art. 9"};
  contracts->Add(account);
  MethodPlan change = account;
  change.name = kRegister;
  change.write = change.consentable = true;
  change.legal_limit = {};
  contracts->Add(change);
  MethodPlan items;
  items.name = kItems;
  items.dataset = "identity";
  items.consentable = true;
  items.attributes = {"address", "birth_date", "name"};
  contracts->Add(items);
  MethodPlan programmes;
  programmes.name = kProgrammes;
  programmes.transparent = true;
  contracts->Add(programmes);
  MethodPlan orphan;
  orphan.name = kOrphan;
  contracts->Add(orphan);
  return contracts;
}

std::string SmallMesh() {
  return R"(
    agencies { id: "town" name { ja: "町" en: "Town" } kind: ADMINISTRATIVE }
    agencies { id: "city" name { ja: "市" en: "City" } kind: ADMINISTRATIVE }
    agencies { id: "accounts" name { ja: "口" en: "A" } kind: ADMINISTRATIVE }
    agencies { id: "identity" name { ja: "認" en: "I" } kind: ADMINISTRATIVE }
    agencies { id: "bank" name { ja: "銀行" en: "Bank" } kind: RELYING_PARTY }
    systems { id: "town/tax" services: "psm.tax.v1.TaxService" }
    systems { id: "city/tax" services: "psm.tax.v1.TaxService" }
    systems { id: "town/benefits" services: "psm.benefits.v1.BenefitsService" }
    systems { id: "accounts/accounts"
              services: "psm.accounts.v1.AccountsService" }
    systems { id: "identity/identity"
              services: "psm.identity.v1.BasicItemsService" }
    systems { id: "bank/customers" }
    affairs { id: "benefit" title { ja: "給付金" en: "Benefit" }
              statute { ja: "登録法 第10条" en: "Registration Act, art. 10" }
              purposes: "public_benefit" }
    affairs { id: "arrears" title { ja: "滞納整理" en: "Arrears" }
              statute { ja: "地方税法 第331条" en: "Local Tax Act, art. 331" } }
    affairs { id: "address" title { ja: "住所" en: "Address" }
              statute { ja: "同意" en: "Consent" } }
  )";
}

std::string AgreementText(absl::string_view id, absl::string_view consumer,
                          absl::string_view affair, absl::string_view grant,
                          absl::string_view rest) {
  return absl::StrCat("agreements { id: \"", id, "\" version: 1 consumer: \"",
                      consumer, "\" affair: \"", affair, "\" grants { ", grant,
                      " } ", rest, " }\n");
}

Configuration ParseConfiguration(const std::string& text) {
  Configuration configuration;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(text, &configuration.mesh))
      << text;
  return configuration;
}

absl::StatusOr<std::shared_ptr<const PolicyEngine>> MakeEngine(
    const std::string& agreements, bool later_contracts) {
  const Configuration configuration =
      ParseConfiguration(SmallMesh() + agreements);
  PSM_ASSIGN_OR_RETURN(auto directory, Directory::Create(configuration));
  return PolicyEngine::Create(configuration, std::move(directory),
                              SmallContracts(later_contracts));
}

absl::Time NoonOf(absl::string_view day) {
  return StartOfDay(day).value() + absl::Hours(12);
}

}  // namespace psm
