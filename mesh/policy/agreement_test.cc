#include "mesh/policy/agreement.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/policy/small_mesh_for_test.h"

namespace psm {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kStatute[] = "statute { ja: \"j\" en: \"e\" } ";
constexpr char kFrom[] = "valid_from: \"2025-04-01\" ";

std::string Method(const std::string& name) {
  return "method: \"" + name + "\" ";
}

TEST(DayTest, BeginsAtMidnightInJapan) {
  EXPECT_EQ(*StartOfDay("2025-04-01"), absl::FromUnixSeconds(1743433200));
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(1743433200)), "2025-04-01");
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(1743433199)), "2025-03-31");
  EXPECT_EQ(DayOf(*StartOfDay("2024-02-29")), "2024-02-29");
}

TEST(DayTest, AnythingElseIsNoDay) {
  for (const char* text :
       {"", "2025-4-1", "2025-04-01 ", "2025/04/01", "20250401", "2025-02-29",
        "2025-00-10", "2025-13-01", "2025-04-31", "2025-04-00", "+025-04-01",
        "2025--4-01", "today", "2025-04-0x"})
    EXPECT_FALSE(StartOfDay(text).has_value()) << text;
}

TEST(AgreementTest, IsInForceFromItsFirstToItsLastDay) {
  auto engine = MakeEngine(AgreementText(
      "a", "town/benefits", "benefit", Method(kTax),
      std::string(kStatute) + kFrom + "valid_through: \"2026-03-31\""));
  ASSERT_TRUE(engine.ok()) << engine.status();
  const CompiledAgreement& agreement = *(*engine)->agreements()[0];
  const absl::Duration tick = absl::Nanoseconds(1);
  EXPECT_FALSE(agreement.InForceAt(*StartOfDay("2025-04-01") - tick));
  EXPECT_TRUE(agreement.InForceAt(*StartOfDay("2025-04-01")));
  EXPECT_TRUE(agreement.InForceAt(*StartOfDay("2026-04-01") - tick));
  EXPECT_FALSE(agreement.InForceAt(*StartOfDay("2026-04-01")));
  EXPECT_EQ(agreement.ValidFrom(), "2025-04-01");
  EXPECT_EQ(agreement.ValidThrough(), "2026-03-31");
}

TEST(AgreementTest, WithoutALastDayItStaysInForce) {
  auto engine =
      MakeEngine(AgreementText("a", "town/benefits", "benefit", Method(kTax),
                               std::string(kStatute) + kFrom));
  ASSERT_TRUE(engine.ok()) << engine.status();
  const CompiledAgreement& agreement = *(*engine)->agreements()[0];
  EXPECT_TRUE(agreement.InForceAt(NoonOf("9999-12-31")));
  EXPECT_EQ(agreement.ValidThrough(), "");
}

TEST(AgreementTest, ResolvesWhatItNames) {
  auto engine = MakeEngine(AgreementText(
      "a", "town/benefits", "benefit",
      Method(kTax) + "attributes: \"category\" attributes: \"arrears\" "
                     "providers: \"town/tax\" providers: \"city/tax\"",
      std::string(kStatute) + kFrom + "max_calls_per_second: 7"));
  ASSERT_TRUE(engine.ok()) << engine.status();
  const CompiledAgreement& agreement = *(*engine)->agreements()[0];
  const Directory& directory = (*engine)->directory();
  EXPECT_EQ(agreement.consumer, directory.FindSystem("town/benefits"));
  EXPECT_EQ(agreement.affair, directory.FindAffair("benefit"));
  EXPECT_FALSE(agreement.by_consent);
  EXPECT_EQ(agreement.statute.en, "e");
  EXPECT_EQ(agreement.max_calls_per_second, 7u);
  ASSERT_EQ(agreement.grants.size(), 1u);
  const CompiledGrant& grant = agreement.grants[0];
  EXPECT_THAT(grant.plan->NamesOf(grant.attributes),
              testing::ElementsAre("arrears", "category"));
  EXPECT_THAT(grant.providers,
              testing::ElementsAre(directory.FindSystem("city/tax"),
                                   directory.FindSystem("town/tax")));
}

TEST(AgreementTest, NamesTheProvisionThatWithholdsItsRecords) {
  for (const bool withholds : {false, true}) {
    auto engine = MakeEngine(AgreementText(
        "a", "town/benefits", "benefit", Method(kTax),
        std::string(kStatute) + kFrom +
            (withholds ? "undisclosed_by { ja: \"条例\" en: \"Ordinance\" }"
                       : "")));
    ASSERT_TRUE(engine.ok()) << engine.status();
    const CompiledAgreement& agreement = *(*engine)->agreements()[0];
    EXPECT_EQ(agreement.undisclosed_by.ja, withholds ? "条例" : "");
    EXPECT_EQ(agreement.undisclosed_by.en, withholds ? "Ordinance" : "");
  }
}

struct Flaw {
  const char* name;
  std::string text;
  const char* what;
};

class FlawTest : public testing::TestWithParam<Flaw> {};

TEST_P(FlawTest, IsRefusedAtItsPlace) {
  Configuration configuration =
      ParseConfiguration(SmallMesh() + GetParam().text);
  for (const auto& agreement : configuration.mesh.agreements())
    configuration.origins.emplace_back("agreement " + agreement.id(),
                                       "file:" + agreement.id());
  auto directory = Directory::Create(configuration);
  ASSERT_TRUE(directory.ok()) << directory.status();
  auto engine =
      PolicyEngine::Create(configuration, *directory, SmallContracts());
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(engine.status()), "CONFIGURATION_INVALID");
  const std::string message(engine.status().message());
  EXPECT_THAT(message, StartsWith("file:"));
  EXPECT_THAT(message, HasSubstr(GetParam().what));
}

std::vector<Flaw> Flaws() {
  const std::string good = std::string(kStatute) + kFrom;
  const std::string tax = Method(kTax);
  const auto agreement = [&](const std::string& id, const std::string& grant,
                             const std::string& rest) {
    return AgreementText(id, "town/benefits", "benefit", grant, rest);
  };
  const std::string head =
      "agreements { id: \"a\" consumer: \"town/benefits\" affair: \"benefit\" ";
  const std::string tail = " grants { " + tax + "} " + good + "}";
  return {
      {"Id", AgreementText("A", "town/benefits", "benefit", tax, good),
       "[a-z]"},
      {"SameIdTwice", agreement("a", tax, good) + agreement("a", tax, good),
       "twice"},
      {"Version", head + tail, "from 1"},
      {"UnknownConsumer",
       AgreementText("a", "town/nobody", "benefit", tax, good),
       "consumer \"town/nobody\""},
      {"UnknownAffair",
       AgreementText("a", "town/benefits", "nothing", tax, good),
       "affair \"nothing\""},
      {"UnknownMethod", agreement("a", Method("psm.tax.v1.TaxService/X"), good),
       "is in no descriptor set"},
      {"MethodAsPath", agreement("a", Method(std::string("/") + kTax), good),
       "is in no descriptor set"},
      {"UnknownAttribute", agreement("a", tax + "attributes: \"colour\"", good),
       "no attribute \"colour\""},
      {"AttributeTwice",
       agreement("a", tax + "attributes: \"income\" attributes: \"income\"",
                 good),
       "granted twice"},
      {"UnknownProvider",
       agreement("a", tax + "providers: \"town/nobody\"", good),
       "provider \"town/nobody\""},
      {"ProviderOfSomethingElse",
       agreement("a", tax + "providers: \"town/benefits\"", good),
       "does not provide psm.tax.v1.TaxService"},
      {"ProviderTwice",
       agreement("a", tax + "providers: \"town/tax\" providers: \"town/tax\"",
                 good),
       "listed twice"},
      {"NobodyProvides", agreement("a", Method(kOrphan), good),
       "no system provides"},
      {"NoBasis", agreement("a", tax, kFrom), "no legal basis"},
      {"StatuteInOneLanguage",
       agreement("a", tax, std::string("statute { ja: \"j\" } ") + kFrom),
       "ja and en"},
      {"WithholdsUnderNothing", agreement("a", tax, good + "undisclosed_by {}"),
       "name in ja and en the provision"},
      {"WithholdsInOneLanguage",
       agreement("a", tax, good + "undisclosed_by { en: \"Ordinance\" }"),
       "name in ja and en the provision"},
      {"WithholdsWhatWasConsentedTo",
       agreement("a", Method(kItems),
                 std::string("consent {} undisclosed_by { ja: \"j\" en: \"e\" "
                             "} ") +
                     kFrom),
       "consented to"},
      {"ConsentWhereOnlyAStatuteWillDo",
       agreement("a", tax, std::string("consent {} ") + kFrom),
       "not consentable"},
      {"RelyingPartyOnAStatute",
       AgreementText("a", "bank/customers", "address", Method(kItems), good),
       "relying party"},
      {"LegalLimit",
       AgreementText("a", "town/benefits", "arrears", Method(kAccount), good),
       "Registration Act, art. 9"},
      {"NoGrant",
       "agreements { id: \"a\" version: 1 consumer: \"town/benefits\" affair: "
       "\"benefit\" " +
           good + "}",
       "grants nothing"},
      {"EventsForWhomSomebodyActs",
       "affairs { id: \"by-parent\" title { ja: \"t\" en: \"t\" } statute { "
       "ja: \"s\" en: \"s\" } representative: PARENT } agreements { id: "
       "\"a\" version: 1 consumer: \"town/benefits\" affair: "
       "\"by-parent\" events { types: \"moved_in\" } " +
           good + "}",
       "nobody acts"},
      {"RecordsByConsent",
       AgreementText("a", "bank/customers", "address",
                     Method(RecordsPlan().name),
                     "consent {} valid_from: \"2025-04-01\" "),
       "not consentable"},
      {"RecordsOfAProvider",
       AgreementText("a", "town/benefits", "benefit",
                     Method(RecordsPlan().name) + "providers: \"city/tax\"",
                     good),
       "the gateway's own"},
      {"RecordsOfNobody",
       AgreementText("a", "town/benefits", "benefit",
                     Method(RecordsPlan().name), good),
       "opens nothing"},
      {"NoFirstDay", agreement("a", tax, kStatute), "valid_from"},
      {"FirstDay",
       agreement("a", tax,
                 std::string(kStatute) + "valid_from: \"2025-02-30\""),
       "valid_from"},
      {"LastDay", agreement("a", tax, good + "valid_through: \"31 March\""),
       "valid_through"},
      {"EndsBeforeItBegins",
       agreement("a", tax, good + "valid_through: \"2025-03-31\""), "before"},
      {"TwoAtTheSameTime",
       agreement("a", tax, good) + agreement("b", tax, good),
       "agreement a (file:a)"},
      {"TwoThatShareTheLastDay",
       agreement("a", tax, good + "valid_through: \"2025-06-30\"") +
           agreement("b", tax,
                     std::string(kStatute) + "valid_from: \"2025-06-30\""),
       "agreement a (file:a)"},
      {"TwoThatShareAProvider",
       agreement("a", tax + "providers: \"city/tax\" providers: \"town/tax\"",
                 good) +
           agreement("b", tax + "providers: \"town/tax\"", good),
       "agreement a (file:a)"},
      {"AnyProviderIncludesThisOne",
       agreement("a", tax, good) +
           agreement("b", tax + "providers: \"town/tax\"", good),
       "agreement a (file:a)"},
      {"OneThatCoversAMethodTwice",
       "agreements { id: \"a\" version: 1 consumer: \"town/benefits\" affair: "
       "\"benefit\" grants { " +
           tax + "} grants { " + tax + " attributes: \"income\" } " + good +
           "}",
       "another of its grants"},
  };
}

INSTANTIATE_TEST_SUITE_P(All, FlawTest, testing::ValuesIn(Flaws()),
                         [](const auto& flaw) {
                           return std::string(flaw.param.name);
                         });

TEST(AgreementTest, TwoThatNeverMeetAreBothTaken) {
  const std::string good = std::string(kStatute) + kFrom;
  const std::string tax = Method(kTax);
  const std::string items = Method(kItems);
  const std::vector<std::string> pairs = {
      // One after the other.
      AgreementText("a", "town/benefits", "benefit", tax,
                    good + "valid_through: \"2025-06-30\"") +
          AgreementText("b", "town/benefits", "benefit", tax,
                        std::string(kStatute) + "valid_from: \"2025-07-01\""),
      // Other providers.
      AgreementText("a", "town/benefits", "benefit",
                    tax + "providers: \"town/tax\"", good) +
          AgreementText("b", "town/benefits", "benefit",
                        tax + "providers: \"city/tax\"", good),
      // Other basis.
      AgreementText("a", "town/benefits", "benefit", items, good) +
          AgreementText("b", "town/benefits", "benefit", items,
                        std::string("consent {} ") + kFrom),
      // Other affair, also of a transparent method, which needs none.
      AgreementText("a", "town/tax", "benefit", Method(kProgrammes), good) +
          AgreementText("b", "town/tax", "arrears", Method(kProgrammes), good),
      // Other consumer.
      AgreementText("a", "town/benefits", "benefit", tax, good) +
          AgreementText("b", "accounts/accounts", "benefit", tax, good),
  };
  for (const std::string& pair : pairs)
    EXPECT_TRUE(MakeEngine(pair).ok()) << MakeEngine(pair).status();
}

}  // namespace
}  // namespace psm
