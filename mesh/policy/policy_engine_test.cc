#include "mesh/policy/policy_engine.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/policy/policy_engine_fixture.h"
#include "mesh/policy/small_mesh_for_test.h"

namespace psm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Permit>);
static_assert(!std::is_default_constructible_v<Permit>);

TEST_F(PolicyEngineTest, DeniesByDefault) {
  engine_ = Engine("");
  auto permit =
      engine_->Authorise(Ask("town/benefits", kTax, "benefit", "city/tax"));
  ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                "NO_AGREEMENT");
}

TEST_F(PolicyEngineTest, APermitCarriesWhatTheAgreementGrants) {
  auto permit =
      engine_->Authorise(Ask("town/benefits", kTax, "benefit", "city/tax"));
  ASSERT_TRUE(permit.ok()) << permit.status();
  EXPECT_EQ(permit->agreement().id, "tax");
  EXPECT_EQ(permit->agreement().version, 3u);
  EXPECT_EQ(permit->plan().name, kTax);
  EXPECT_EQ(permit->provider().id, "city/tax");
  EXPECT_EQ(permit->consent_id(), "");
  EXPECT_THAT(Names(*permit), ElementsAre("category", "income"));
}

TEST_F(PolicyEngineTest, EveryPartOfTheQuestionMustFit) {
  struct Case {
    const char* consumer;
    const char* method;
    const char* affair;
    const char* provider;
  };
  for (const Case& c : std::vector<Case>{
           {"accounts/accounts", kTax, "benefit", "city/tax"},
           {"town/tax", kTax, "benefit", "city/tax"},
           {"town/benefits", kItems, "benefit", "identity/identity"},
           {"town/benefits", kTax, "arrears", "city/tax"},
           {"town/benefits", kTax, "Benefit", "city/tax"},
           {"town/benefits", kTax, "benefit ", "city/tax"},
           {"town/benefits", kTax, "", "city/tax"},
           {"town/benefits", kTax, "no-such-affair", "city/tax"},
           {"town/benefits", kTax, "benefit", "town/tax"},
           // Listed for no one: "any" is any that provides the service.
           {"town/benefits", kAccount, "benefit", "city/tax"},
       }) {
    auto permit =
        engine_->Authorise(Ask(c.consumer, c.method, c.affair, c.provider));
    ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                  "NO_AGREEMENT", "consumer", c.consumer);
    ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                  "NO_AGREEMENT", "method", c.method);
    EXPECT_THAT(std::string(permit.status().message()),
                testing::Not(HasSubstr(c.provider)))
        << "the provider may say where a person lives";
  }
}

TEST_F(PolicyEngineTest, ARefusalSaysWhatWouldMakeItPass) {
  auto permit =
      engine_->Authorise(Ask("town/benefits", kTax, "arrears", "city/tax"));
  const std::string message(permit.status().message());
  EXPECT_THAT(message,
              HasSubstr("ask the provider for an agreement for this affair"));
  EXPECT_THAT(message,
              HasSubstr("./psm check --why town/benefits "
                        "psm.tax.v1.TaxService/GetTaxStatus arrears`"));
  ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                "NO_AGREEMENT", "affair", "arrears");
  ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                "NO_AGREEMENT", "rule",
                "no agreement gives town/benefits "
                "psm.tax.v1.TaxService/GetTaxStatus for affair arrears");
}

TEST_F(PolicyEngineTest, ARefusalNeverRepeatsAMalformedAffair) {
  for (const char* affair : {"x; rm -rf /", "`id`", "山田太郎", "QQ", "a\nb"}) {
    auto permit =
        engine_->Authorise(Ask("town/benefits", kTax, affair, "city/tax"));
    EXPECT_EQ(ReasonOf(permit.status()), "NO_AGREEMENT");
    EXPECT_THAT(permit.status().ToString(), testing::Not(HasSubstr(affair)));
    EXPECT_EQ(DetailOf(permit.status())->metadata.at("affair"), "");
  }
}

TEST_F(PolicyEngineTest, ALegalLimitIsNamedAsTheLawSaysIt) {
  for (const char* affair : {"arrears", "no-such-affair"}) {
    auto permit = engine_->Authorise(
        Ask("town/benefits", kAccount, affair, "accounts/accounts"));
    ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                  "NO_AGREEMENT", "rule", "Registration Act, art. 9");
    const ErrorDetail detail = *DetailOf(permit.status());
    EXPECT_EQ(detail.metadata.at("statute_ja"), "登録法 第9条");
    EXPECT_EQ(detail.metadata.at("statute_en"), "Registration Act, art. 9");
    EXPECT_THAT(std::string(permit.status().message()),
                HasSubstr("name an affair that serves public_benefit"));
  }
  // A consumer without an agreement, in an affair that the law allows, lacks an
  // agreement and nothing else.
  auto permit = engine_->Authorise(
      Ask("city/tax", kAccount, "benefit", "accounts/accounts"));
  EXPECT_EQ(DetailOf(permit.status())->metadata.count("statute_en"), 0u);
}

TEST_F(PolicyEngineTest, AnAgreementHoldsFromItsFirstToItsLastDay) {
  for (const char* day : {"2025-04-01", "2026-03-31"})
    EXPECT_TRUE(
        engine_
            ->Authorise(Ask("town/benefits", kTax, "benefit", "city/tax", day))
            .ok());
  struct Case {
    const char* day;
    const char* rule;
  };
  for (const Case& c : std::vector<Case>{
           {"2025-03-31", "agreement tax begins on 2025-04-01"},
           {"2026-04-01", "agreement tax ended with 2026-03-31"}}) {
    auto permit = engine_->Authorise(
        Ask("town/benefits", kTax, "benefit", "city/tax", c.day));
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, std::string>>{
             {"agreement", "tax"},
             {"valid_from", "2025-04-01"},
             {"valid_through", "2026-03-31"},
             {"rule", c.rule}})
      ExpectRefusal(permit.status(), absl::StatusCode::kPermissionDenied,
                    "AGREEMENT_NOT_IN_FORCE", key, value);
    // Of another provider nothing was agreed, then or now.
    ExpectRefusal(engine_
                      ->Authorise(Ask("town/benefits", kTax, "benefit",
                                      "town/tax", c.day))
                      .status(),
                  absl::StatusCode::kPermissionDenied, "NO_AGREEMENT");
  }
}

TEST_F(PolicyEngineTest, NamesTheNextAgreementRatherThanAnEndedOne) {
  const auto agreement = [](const char* id, const char* days) {
    return AgreementText(
        id, "town/benefits", "benefit", std::string("method: \"") + kTax + "\"",
        std::string("statute { ja: \"j\" en: \"e\" } ") + days);
  };
  engine_ = Engine(agreement("a",
                             "valid_from: \"2020-01-01\" valid_through: "
                             "\"2020-12-31\"") +
                   agreement("b",
                             "valid_from: \"2021-01-01\" valid_through: "
                             "\"2021-12-31\"") +
                   agreement("c",
                             "valid_from: \"2030-01-01\" valid_through: "
                             "\"2030-12-31\"") +
                   agreement("d",
                             "valid_from: \"2031-01-01\" valid_through: "
                             "\"2031-12-31\""));
  struct Case {
    const char* day;
    const char* agreement;
  };
  for (const Case& c : std::vector<Case>{
           {"2019-06-01", "a"}, {"2025-06-01", "c"}, {"2035-06-01", "d"}}) {
    const Question question =
        Ask("town/benefits", kTax, "benefit", "city/tax", c.day);
    ExpectRefusal(engine_->Authorise(question).status(),
                  absl::StatusCode::kPermissionDenied, "AGREEMENT_NOT_IN_FORCE",
                  "agreement", c.agreement);
    ExpectRefusal(engine_->MayCall(*question.consumer, *question.plan,
                                   "benefit", question.now),
                  absl::StatusCode::kPermissionDenied, "AGREEMENT_NOT_IN_FORCE",
                  "agreement", c.agreement);
  }
}

TEST_F(PolicyEngineTest, AConsentNarrowsWhatIsGranted) {
  Question question =
      Ask("bank/customers", kItems, "address", "identity/identity");
  const Consent consent = ConsentToItems();
  question.consent = &consent;
  auto permit = engine_->Authorise(question);
  ASSERT_TRUE(permit.ok()) << permit.status();
  EXPECT_EQ(permit->consent_id(), "c-1");
  EXPECT_THAT(Names(*permit), ElementsAre("address"))
      << "birth_date is consented to but not agreed, name the reverse";
}

TEST_F(PolicyEngineTest, WithoutAConsentAnAgreementOnConsentGrantsNothing) {
  auto permit = engine_->Authorise(
      Ask("bank/customers", kItems, "address", "identity/identity"));
  ExpectRefusal(permit.status(), absl::StatusCode::kFailedPrecondition,
                "CONSENT_REQUIRED", "agreement", "items");
  EXPECT_THAT(std::string(permit.status().message()), HasSubstr("psm-consent"));
}

TEST_F(PolicyEngineTest, AConsentMustFitTheQuestion) {
  struct Case {
    void (*change)(Consent&);
    absl::StatusCode code;
    const char* reason;
  };
  const auto kDenied = absl::StatusCode::kPermissionDenied;
  for (const Case& c : std::vector<Case>{
           {[](Consent& x) { x.consumer = "town/benefits"; }, kDenied,
            "CONSENT_INVALID"},
           {[](Consent& x) { x.consumer = "bank/customers2"; }, kDenied,
            "CONSENT_INVALID"},
           {[](Consent& x) { x.affair = "arrears"; }, kDenied,
            "CONSENT_INVALID"},
           {[](Consent& x) { x.method = kTax; }, kDenied, "CONSENT_INVALID"},
           {[](Consent& x) { x.attributes = {"birth_date"}; }, kDenied,
            "CONSENT_INVALID"},
           {[](Consent& x) { x.attributes = {"no_such"}; }, kDenied,
            "CONSENT_INVALID"},
           {[](Consent& x) { x.attributes = {}; }, kDenied, "CONSENT_INVALID"},
           {[](Consent& x) { x.expire_time = NoonOf("2025-10-01"); },
            absl::StatusCode::kFailedPrecondition, "CONSENT_EXPIRED"},
       }) {
    Consent consent = ConsentToItems();
    c.change(consent);
    Question question =
        Ask("bank/customers", kItems, "address", "identity/identity");
    question.consent = &consent;
    ExpectRefusal(engine_->Authorise(question).status(), c.code, c.reason,
                  "agreement", "items");
  }
}

TEST_F(PolicyEngineTest, AConsentToWhatChangesSomethingHoldsForAnHour) {
  engine_ = Engine(AgreementText(
      "register", "bank/customers", "benefit",
      std::string("method: \"") + kRegister + "\" attributes: \"account\"",
      "consent {} valid_from: \"2025-04-01\""));
  Question question =
      Ask("bank/customers", kRegister, "benefit", "accounts/accounts");
  Consent consent = ConsentToItems();
  consent.affair = "benefit";
  consent.method = kRegister;
  consent.attributes = {"account"};
  consent.issue_time = question.now;
  question.consent = &consent;
  consent.expire_time = question.now + absl::Hours(1);
  EXPECT_TRUE(engine_->Authorise(question).ok());
  consent.expire_time += absl::Seconds(1);
  ExpectRefusal(engine_->Authorise(question).status(),
                absl::StatusCode::kFailedPrecondition, "CONSENT_TOO_LONG",
                "agreement", "register");
}

TEST_F(PolicyEngineTest, PrefersAStatuteToAConsent) {
  const std::string grant =
      std::string("method: \"") + kItems + "\" attributes: \"name\"";
  // In both orders of ids.
  for (const char* statute_id : {"a", "z"}) {
    engine_ =
        Engine(AgreementText(statute_id, "town/tax", "arrears", grant,
                             "statute { ja: \"j\" en: \"e\" } valid_from: "
                             "\"2025-04-01\" valid_through: \"2025-12-31\"") +
               AgreementText("m", "town/tax", "arrears", grant,
                             "consent {} valid_from: \"2025-04-01\""));
    Question question = Ask("town/tax", kItems, "arrears", "identity/identity");
    auto permit = engine_->Authorise(question);
    ASSERT_TRUE(permit.ok()) << permit.status();
    EXPECT_EQ(permit->agreement().id, statute_id);
    // Once the statute's agreement has ended, the consent's is left.
    question.now = NoonOf("2026-01-01");
    ExpectRefusal(engine_->Authorise(question).status(),
                  absl::StatusCode::kFailedPrecondition, "CONSENT_REQUIRED",
                  "agreement", "m");
  }
}

TEST_F(PolicyEngineTest, ATransparentMethodNeedsAnAgreementButNoAffair) {
  for (const char* affair : {"", "arrears"})
    EXPECT_TRUE(
        engine_
            ->Authorise(Ask("city/tax", kProgrammes, affair, "town/benefits"))
            .ok());
  for (const char* affair : {"benefit", "no-such-affair"})
    EXPECT_EQ(ReasonOf(engine_
                           ->Authorise(Ask("city/tax", kProgrammes, affair,
                                           "town/benefits"))
                           .status()),
              "NO_AGREEMENT");
  EXPECT_EQ(
      ReasonOf(
          engine_->Authorise(Ask("town/tax", kProgrammes, "", "town/benefits"))
              .status()),
      "NO_AGREEMENT");
}

TEST_F(PolicyEngineTest, MayCallLooksAtNoProviderAndNoConsent) {
  const auto may = [&](const char* consumer, const char* method,
                       const char* affair, const char* day) {
    return engine_->MayCall(*engine_->directory().FindSystem(consumer),
                            *engine_->contracts().FindByName(method), affair,
                            NoonOf(day));
  };
  EXPECT_TRUE(may("town/benefits", kTax, "benefit", "2025-10-01").ok());
  EXPECT_TRUE(may("bank/customers", kItems, "address", "2025-10-01").ok());
  EXPECT_TRUE(may("city/tax", kProgrammes, "", "2025-10-01").ok());
  ExpectRefusal(may("town/benefits", kTax, "arrears", "2025-10-01"),
                absl::StatusCode::kPermissionDenied, "NO_AGREEMENT");
  ExpectRefusal(may("town/benefits", kAccount, "arrears", "2025-10-01"),
                absl::StatusCode::kPermissionDenied, "NO_AGREEMENT", "rule",
                "Registration Act, art. 9");
  ExpectRefusal(may("bank/customers", kTax, "address", "2025-10-01"),
                absl::StatusCode::kPermissionDenied, "NO_AGREEMENT");
  ExpectRefusal(may("town/benefits", kTax, "benefit", "2026-10-01"),
                absl::StatusCode::kPermissionDenied, "AGREEMENT_NOT_IN_FORCE",
                "agreement", "tax");
}

TEST_F(PolicyEngineTest, AnswersForSystemsOfAnOlderConfiguration) {
  std::string agreements = kAgreements;
  const std::string gone = "attributes: \"income\"";
  agreements.erase(agreements.find(gone), gone.size());
  const std::shared_ptr<const PolicyEngine> newer = Engine(agreements, true);
  // Everything the question points to belongs to engine_, the answer to newer.
  auto permit = newer->Authorise(
      Ask("town/benefits", kAccount, "benefit", "accounts/accounts"));
  ASSERT_TRUE(permit.ok()) << permit.status();
  EXPECT_EQ(&permit->provider(),
            newer->directory().FindSystem("accounts/accounts"));
  EXPECT_EQ(&permit->plan(), newer->contracts().FindByName(kAccount));
}

}  // namespace
}  // namespace psm
