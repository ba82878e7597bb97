#include "mesh/policy/own_explanation.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/policy/policy_engine.h"
#include "mesh/policy/small_mesh_for_test.h"

namespace psm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A register and a second one, which publish, in the small mesh.
constexpr char kTwoRegisters[] = R"(
    systems { id: "town/life" publishes: "moved_in" publishes: "died" }
    systems { id: "city/life" publishes: "moved_in" }
)";

std::string EventAgreement(const char* id, const char* consumer,
                           const char* affair, const char* basis,
                           const char* events,
                           const char* dates = "valid_from: \"2025-04-01\"") {
  return absl::StrCat("agreements { id: \"", id, "\" version: 2 consumer: \"",
                      consumer, "\" affair: \"", affair, "\" ", basis,
                      " events { ", events, " } ", dates, " }\n");
}
constexpr char kByLaw[] = "statute { ja: \"j\" en: \"The Act\" }";
constexpr char kByConsentOnly[] = "consent {}";
constexpr char kMovesTold[] = "types: \"moved_in\"";

Explanation Told(const std::string& agreements, const char* consumer,
                 const char* affair, const char* publisher = nullptr,
                 const std::string& registers = kTwoRegisters) {
  const auto engine = MakeEngine(registers + agreements);
  EXPECT_TRUE(engine.ok()) << engine.status() << agreements;
  if (!engine.ok()) return Explanation();
  const Directory& directory = (*engine)->directory();
  return ExplainEvents(
      **engine, *directory.FindSystem(consumer), affair,
      publisher == nullptr ? nullptr : directory.FindSystem(publisher),
      NoonOf("2025-10-01"));
}

TEST(EventExplanationTest, AnAgreementByConsentSaysWhatTheConsentDecides) {
  const std::string moves = EventAgreement("moves", "bank/customers", "address",
                                           kByConsentOnly, kMovesTold);
  const Explanation told = Told(moves, "bank/customers", "address");
  EXPECT_TRUE(told.allowed);
  EXPECT_TRUE(told.needs_consent);
  EXPECT_THAT(told.rule,
              AllOf(HasSubstr("agreement moves (version 2) tells it of "
                              "moved_in"),
                    HasSubstr("consent token"), HasSubstr("withdrawn"),
                    Not(HasSubstr("died"))));
  EXPECT_EQ(told.missing_agreement, "");
}

TEST(EventExplanationTest, AStatuteIsNamedAndBothBasesAreSaid) {
  const std::string law =
      EventAgreement("law", "town/benefits", "benefit", kByLaw, kMovesTold);
  const Explanation told = Told(law, "town/benefits", "benefit");
  EXPECT_TRUE(told.allowed);
  EXPECT_FALSE(told.needs_consent);
  EXPECT_THAT(told.rule, HasSubstr("on the basis of The Act"));
  const Explanation both =
      Told(law + EventAgreement("asked", "town/benefits", "benefit",
                                kByConsentOnly, "types: \"died\""),
           "town/benefits", "benefit");
  EXPECT_FALSE(both.needs_consent) << "some of it needs none";
  EXPECT_THAT(both.rule, AllOf(HasSubstr("law"), HasSubstr("asked"),
                               HasSubstr("consent token")));
}

TEST(EventExplanationTest, APublisherIsAskedAboutByItself) {
  const std::string city =
      EventAgreement("moves", "bank/customers", "address", kByConsentOnly,
                     "types: \"moved_in\" publishers: \"city/life\"");
  EXPECT_TRUE(Told(city, "bank/customers", "address", "city/life").allowed);
  const Explanation town = Told(city, "bank/customers", "address", "town/life");
  EXPECT_FALSE(town.allowed);
  EXPECT_FALSE(town.needs_consent);
  EXPECT_THAT(town.rule, HasSubstr("only from others"));
  EXPECT_THAT(town.missing_agreement, HasSubstr("publishers: \"town/life\""));
  const Explanation none = Told(city, "bank/customers", "address", "town/tax");
  EXPECT_EQ(none.rule, "town/tax publishes no life events");
  EXPECT_EQ(none.missing_agreement, "");
}

TEST(EventExplanationTest, TheMissingAgreementIsTheOneNeeded) {
  const struct {
    const char *consumer, *affair, *basis;
  } kMissing[] = {{"bank/customers", "address", "consent {"},
                  {"town/benefits", "benefit", "statute {"}};
  for (const auto& one : kMissing) {
    const Explanation refused = Told("", one.consumer, one.affair);
    EXPECT_FALSE(refused.allowed);
    EXPECT_THAT(refused.rule, HasSubstr("no agreement gives"));
    EXPECT_THAT(refused.missing_agreement,
                AllOf(HasSubstr(one.basis), HasSubstr("types: \"died\""),
                      HasSubstr("types: \"moved_in\"")));
    const Explanation now =
        Told(refused.missing_agreement, one.consumer, one.affair);
    EXPECT_TRUE(now.allowed) << now.rule;
  }
}

TEST(EventExplanationTest, WhatIsNearAndWhatIsNotInForceIsSaid) {
  const std::string moves = EventAgreement("moves", "bank/customers", "address",
                                           kByConsentOnly, kMovesTold);
  EXPECT_THAT(Told(moves, "bank/customers", "benefit").near,
              ElementsAre("moves: for affair address"));
  EXPECT_THAT(Told(moves, "town/benefits", "address").near,
              ElementsAre("moves: for consumer bank/customers"));
  EXPECT_THAT(Told(moves, "town/benefits", "benefit").near, IsEmpty());
  const Explanation later =
      Told(EventAgreement("moves", "bank/customers", "address", kByConsentOnly,
                          kMovesTold, "valid_from: \"2026-01-01\""),
           "bank/customers", "address");
  EXPECT_FALSE(later.allowed);
  EXPECT_THAT(later.rule, HasSubstr("moves begins on 2026-01-01"));
}

TEST(EventExplanationTest, WhereNobodyPublishesNoAgreementHelps) {
  const Explanation none = Told("", "bank/customers", "address", nullptr, "");
  EXPECT_FALSE(none.allowed);
  EXPECT_EQ(none.rule, "no system publishes life events");
  EXPECT_EQ(none.missing_agreement, "");
}

TEST(RecordsExplanationTest, SaysWhoseRecordsOrWhyNobodys) {
  const auto explain = [](const char* attributes, const char* affair) {
    const auto engine = MakeEngine(AgreementText(
        "records", "town/benefits", "benefit",
        absl::StrCat("method: \"", RecordsPlan().name, "\" ", attributes),
        "statute { ja: \"j\" en: \"e\" } valid_from: \"2025-04-01\""));
    EXPECT_TRUE(engine.ok()) << engine.status();
    return ExplainRecords(**engine,
                          *(*engine)->directory().FindSystem("town/benefits"),
                          affair, NoonOf("2025-10-01"));
  };
  constexpr char kBoth[] =
      "attributes: \"persons\" attributes: \"corporations\"";
  const Explanation one = explain("attributes: \"persons\"", "benefit");
  EXPECT_TRUE(one.allowed);
  EXPECT_EQ(one.rule,
            "town/benefits may read the records of persons for benefit");
  EXPECT_THAT(explain(kBoth, "benefit").rule,
              HasSubstr("corporations and persons"));
  const Explanation other = explain(kBoth, "arrears");
  EXPECT_FALSE(other.allowed);
  EXPECT_THAT(other.rule, HasSubstr(RecordsPlan().name));
  // What is missing allows it, once it is there.
  const auto engine = MakeEngine(other.missing_agreement);
  ASSERT_TRUE(engine.ok()) << engine.status() << other.missing_agreement;
  EXPECT_TRUE(ExplainRecords(
                  **engine, *(*engine)->directory().FindSystem("town/benefits"),
                  "arrears", NoonOf("2025-10-01"))
                  .allowed);
}

}  // namespace
}  // namespace psm
