#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/policy/small_mesh_for_test.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Agreement(const char* id, const char* consumer, const char* affair,
                      const char* method, const std::string& more) {
  return AgreementText(id, consumer, affair,
                       std::string("method: \"") + method + "\" ", more);
}
const std::string kBasis = "statute { ja: \"j\" en: \"e\" } ";
const std::string kOpen = kBasis + "valid_from: \"2025-04-01\" ";

class ExplanationTest : public testing::Test {
 protected:
  ExplanationTest() { Write("mesh.textproto", SmallMesh()); }

  void Write(const std::string& name, const std::string& text) {
    temp_.Write(name, text);
  }
  // The engine of what stands in the folder.
  std::shared_ptr<const PolicyEngine> Load() {
    auto configuration = LoadConfiguration(std::vector<std::string>{folder_});
    EXPECT_TRUE(configuration.ok()) << configuration.status();
    if (!configuration.ok()) return nullptr;
    auto directory = Directory::Create(*configuration);
    EXPECT_TRUE(directory.ok()) << directory.status();
    if (!directory.ok()) return nullptr;
    auto engine =
        PolicyEngine::Create(*configuration, *directory, SmallContracts());
    EXPECT_TRUE(engine.ok()) << engine.status();
    return engine.ok() ? *engine : nullptr;
  }
  Explanation Explain(const char* consumer, const char* method,
                      const char* affair, const char* provider = nullptr,
                      const char* day = "2025-10-01") {
    const auto engine = Load();
    return engine->Explain(*engine->directory().FindSystem(consumer),
                           *engine->contracts().FindByName(method), affair,
                           provider == nullptr
                               ? nullptr
                               : engine->directory().FindSystem(provider),
                           NoonOf(day));
  }

  TempFolder temp_;
  const std::string folder_ = temp_.path();
};

struct Case {
  const char* name;
  std::string agreements;  // in force already
  const char* consumer;
  const char* method;
  const char* affair;
  const char* provider;  // null: any
};

class MissingAgreementTest : public ExplanationTest,
                             public testing::WithParamInterface<Case> {};

TEST_P(MissingAgreementTest, MakesTheQuestionPassOnceItIsLoaded) {
  const Case& c = GetParam();
  Write("agreements.textproto", c.agreements);
  const Explanation before =
      Explain(c.consumer, c.method, c.affair, c.provider);
  ASSERT_FALSE(before.allowed);
  ASSERT_THAT(before.missing_agreement, Not(IsEmpty())) << before.rule;
  EXPECT_THAT(before.rule, Not(IsEmpty()));

  Write("missing.textproto", before.missing_agreement);
  const auto engine = Load();
  ASSERT_NE(engine, nullptr) << before.missing_agreement;
  const Explanation after = Explain(c.consumer, c.method, c.affair, c.provider);
  EXPECT_TRUE(after.allowed) << after.rule << before.missing_agreement;
  EXPECT_EQ(after.missing_agreement, "");

  // And Authorise says the same, of each provider that was asked for.
  const MethodPlan* plan = engine->contracts().FindByName(c.method);
  for (const System* provider :
       engine->directory().ProvidersOf(plan->service)) {
    if (c.provider != nullptr && provider->id != c.provider) continue;
    Consent consent;
    consent.consumer = c.consumer;
    consent.affair = c.affair;
    consent.method = c.method;
    consent.attributes = plan->attributes;
    consent.expire_time = absl::InfiniteFuture();
    Question question;
    question.consumer = engine->directory().FindSystem(c.consumer);
    question.plan = plan;
    question.affair = c.affair;
    question.provider = provider;
    question.consent = after.needs_consent ? &consent : nullptr;
    question.now = NoonOf("2025-10-01");
    auto permit = engine->Authorise(question);
    EXPECT_TRUE(permit.ok()) << permit.status();
    if (permit.ok()) {
      EXPECT_EQ(plan->NamesOf(permit->attributes()), plan->attributes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, MissingAgreementTest,
    testing::Values(
        Case{"Nothing", "", "town/benefits", kTax, "benefit", nullptr},
        Case{"OneProvider", "", "town/benefits", kTax, "benefit", "city/tax"},
        Case{"RelyingParty", "", "bank/customers", kItems, "address", nullptr},
        Case{"WithinALegalLimit", "", "town/benefits", kAccount, "benefit",
             nullptr},
        Case{"UnknownAffair", "", "town/benefits", kTax, "new-affair", nullptr},
        Case{"TransparentWithoutAffair", "", "town/tax", kProgrammes, "",
             nullptr},
        Case{"Ended",
             Agreement("old", "town/benefits", "benefit", kTax,
                       kOpen + "valid_through: \"2025-09-30\""),
             "town/benefits", kTax, "benefit", nullptr},
        Case{"BeginsTomorrow",
             Agreement("a", "town/benefits", "benefit", kTax,
                       kBasis + "valid_from: \"2025-10-02\""),
             "town/benefits", kTax, "benefit", nullptr},
        Case{"BetweenTwo",
             Agreement("a", "town/benefits", "benefit", kTax,
                       kOpen + "valid_through: \"2025-09-30\"") +
                 Agreement("b", "town/benefits", "benefit", kTax,
                           kBasis + "valid_from: \"2025-12-01\""),
             "town/benefits", kTax, "benefit", "city/tax"},
        Case{"OnlyOtherProviders",
             AgreementText("a", "town/benefits", "benefit",
                           std::string("method: \"") + kTax +
                               "\" providers: \"town/tax\"",
                           kOpen),
             "town/benefits", kTax, "benefit", "city/tax"},
        Case{"ItsIdIsTaken",
             Agreement("town-benefits-benefit-get-tax-status", "town/tax",
                       "benefit", kItems, kOpen),
             "town/benefits", kTax, "benefit", nullptr},
        Case{"ALongAffair", "", "town/benefits", kTax,
             "an-affair-whose-name-is-as-long-as-a-name-can-be-in-this-mesh1",
             nullptr}),
    [](const auto& c) { return std::string(c.param.name); });

TEST_F(ExplanationTest, NoTextWhereNoAgreementCouldAllowIt) {
  struct Impossible {
    const char* consumer;
    const char* method;
    const char* affair;
    const char* provider;
    const char* rule;
  };
  for (const Impossible& c : std::vector<Impossible>{
           {"town/benefits", kAccount, "arrears", nullptr,
            "Registration Act, art. 9"},
           {"town/benefits", kAccount, "new-affair", nullptr,
            "Registration Act, art. 9"},
           {"bank/customers", kTax, "address", nullptr, "relying party"},
           {"bank/customers", kAccount, "benefit", nullptr, "relying party"},
           {"town/benefits", kTax, "benefit", "accounts/accounts",
            "accounts/accounts does not provide psm.tax.v1.TaxService"},
           {"town/benefits", kOrphan, "benefit", nullptr,
            "no system provides psm.orphan.v1.OrphanService"},
           {"town/benefits", kTax, "", nullptr, "names no affair"},
           {"town/benefits", kTax, "Benefit!", nullptr, "malformed"},
       }) {
    const Explanation explanation =
        Explain(c.consumer, c.method, c.affair, c.provider);
    EXPECT_FALSE(explanation.allowed);
    EXPECT_EQ(explanation.missing_agreement, "") << c.method;
    EXPECT_THAT(explanation.rule, HasSubstr(c.rule));
  }
}

TEST_F(ExplanationTest, NamesTheAgreementThatAllows) {
  Write("a.textproto",
        Agreement("by-law", "town/benefits", "benefit", kTax, kOpen) +
            Agreement("by-consent", "bank/customers", "address", kItems,
                      "consent {} valid_from: \"2025-04-01\""));
  Explanation explanation = Explain("town/benefits", kTax, "benefit");
  EXPECT_TRUE(explanation.allowed);
  EXPECT_FALSE(explanation.needs_consent);
  EXPECT_THAT(explanation.rule, HasSubstr("agreement by-law (version 1)"));
  explanation = Explain("bank/customers", kItems, "address");
  EXPECT_TRUE(explanation.allowed);
  EXPECT_TRUE(explanation.needs_consent);
  EXPECT_THAT(explanation.rule, HasSubstr("agreement by-consent"));
  EXPECT_THAT(explanation.rule, HasSubstr("psm-consent"));
}

TEST_F(ExplanationTest, NamesEveryTokenThatACallNeedsWhereSomebodyActs) {
  const auto affair = [](const char* id, const char* who) {
    return absl::StrCat("affairs { id: \"", id,
                        "\" title { ja: \"t\" en: \"t\" } statute { ja: "
                        "\"s\" en: \"s\" } representative: ",
                        who, " }\n");
  };
  Write("a.textproto",
        affair("by-parent", "PARENT") + affair("by-guardian", "GUARDIAN") +
            Agreement("law", "town/benefits", "by-parent", kTax, kOpen) +
            Agreement("consent", "bank/customers", "by-guardian", kItems,
                      "consent {} valid_from: \"2025-04-01\""));
  const Explanation law = Explain("town/benefits", kTax, "by-parent");
  EXPECT_TRUE(law.allowed);
  EXPECT_THAT(law.rule, HasSubstr("on the basis of e, for calls that carry a "
                                  "parent's representation token in "
                                  "psm-representation"));
  const Explanation consent = Explain("bank/customers", kItems, "by-guardian");
  EXPECT_TRUE(consent.needs_consent);
  EXPECT_THAT(consent.rule,
              HasSubstr("consent token in psm-consent and a guardian's "
                        "representation token in psm-representation"));
}

TEST_F(ExplanationTest, ListsAgreementsThatDifferInOneThingTheClosestFirst) {
  Write(
      "a.textproto",
      Agreement("a-method", "town/benefits", "benefit", kItems, kOpen) +
          Agreement("b-consumer", "accounts/accounts", "benefit", kTax, kOpen) +
          Agreement("c-affair", "town/benefits", "arrears", kTax, kOpen) +
          AgreementText(
              "d-provider", "town/benefits", "benefit",
              std::string("method: \"") + kTax + "\" providers: \"town/tax\"",
              kOpen) +
          AgreementText(
              "e-ended", "town/benefits", "benefit",
              std::string("method: \"") + kTax + "\" providers: \"city/tax\"",
              kOpen + "valid_through: \"2025-05-31\"") +
          AgreementText(
              "f-later", "town/benefits", "benefit",
              std::string("method: \"") + kTax + "\" providers: \"city/tax\"",
              kBasis + "valid_from: \"2026-01-01\"") +
          Agreement("g-differs-in-two", "accounts/accounts", "arrears", kTax,
                    kOpen));
  const Explanation explanation =
      Explain("town/benefits", kTax, "benefit", "city/tax");
  EXPECT_THAT(explanation.near,
              ElementsAre("e-ended: ended with 2025-05-31",
                          "f-later: begins on 2026-01-01",
                          "d-provider: for provider town/tax",
                          "c-affair: for affair arrears",
                          "b-consumer: for consumer accounts/accounts",
                          "a-method: for method "
                          "psm.identity.v1.BasicItemsService/GetBasicItems"));
  EXPECT_EQ(explanation.rule, "agreement f-later begins on 2026-01-01");
}

TEST_F(ExplanationTest, ListsAtMostTen) {
  std::string many;
  for (int i = 0; i < 12; ++i)
    many += Agreement(("a" + std::to_string(i)).c_str(), "town/benefits",
                      "benefit", kItems,
                      kBasis + "valid_from: \"" + std::to_string(2030 + i) +
                          "-01-01\" valid_through: \"" +
                          std::to_string(2030 + i) + "-12-31\"");
  Write("a.textproto", many);
  EXPECT_EQ(Explain("town/benefits", kTax, "benefit").near.size(), 10u);
}

}  // namespace
}  // namespace psm
