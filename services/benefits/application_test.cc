#include "services/benefits/application.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "services/benefits/papers.h"
#include "services/benefits/test_household.h"
#include "services/programme_rules/rules.h"

namespace psm {
namespace {

using tax::v1::GetTaxStatusResponse;

const absl::CivilDay kToday(2026, 11, 22);

const Programme& Benefit() { return *TestProgrammes().Find("tax-exempt-2026"); }

absl::StatusOr<Application> Fill(
    const std::vector<std::vector<linkage::v1::Evidence>>& evidence,
    const residents::v1::GetHouseholdResponse& home = HanakosHousehold()) {
  return FillForHousehold(Benefit(), {home, "akatsuki/residents", "exchange-r"},
                          evidence, kToday);
}

TEST(ApplicationTest, TheFormOfHanakosHouseholdFillsItself) {
  const auto application = Fill(HanakosEvidence());
  ASSERT_TRUE(application.ok()) << application.status();
  EXPECT_EQ(application->subject, "hanako");
  EXPECT_THAT(application->members,
              testing::ElementsAre("hanako", "fumie", "minato"));
  // Ten fields of the head, four of each of three members.
  ASSERT_EQ(application->fields.size(), 10U + 4 * 3);
  std::map<std::string, const benefits::v1::FilledField*> fields;
  for (const auto& field : application->fields) {
    EXPECT_FALSE(field.value().empty());
    EXPECT_FALSE(field.value_ja().empty());
    EXPECT_FALSE(field.value_en().empty());
    fields[absl::StrCat(field.field().id(), field.member())] = &field;
  }
  EXPECT_EQ(fields["head_name0"]->value(), "青空　花子");
  EXPECT_EQ(fields["head_name0"]->provider(), "akatsuki/residents");
  EXPECT_EQ(fields["address0"]->value(), "架空県あかつき市東雲台2丁目3番4号");
  EXPECT_EQ(fields["member_name2"]->value(), "青空　湊");
  EXPECT_EQ(fields["member_relation1"]->value(), "PARENT");
  EXPECT_EQ(fields["member_relation1"]->value_ja(), "父母");
  EXPECT_EQ(fields["member_tax_category1"]->value(), "EXEMPT");
  EXPECT_EQ(fields["member_tax_category1"]->value_ja(), "非課税");
  EXPECT_EQ(fields["member_tax_category1"]->provider(), "yunagi/tax");
  EXPECT_EQ(fields["account_number0"]->value(), "0010001");
  EXPECT_EQ(fields["account_type0"]->value_en(), "ordinary");
  EXPECT_EQ(fields["account_holder0"]->provider(), "accounts/accounts");
  // One exchange with the register, one with accounts, three with Yunagi.
  ASSERT_EQ(application->sources.size(), 5U);
  EXPECT_EQ(application->sources[0].provider(), "akatsuki/residents");
  EXPECT_EQ(application->sources[0].exchange_id(), "exchange-r");
}

TEST(ApplicationTest, HanakoIsSparedThreePapersFromTwoOffices) {
  const auto papers = Fill(HanakosEvidence())->papers;
  ASSERT_EQ(papers.size(), 2U);
  EXPECT_EQ(papers[0].paper().office(), "current_municipality");
  EXPECT_EQ(papers[0].count(), 1);
  EXPECT_EQ(papers[1].paper().office(), "former_municipality");
  EXPECT_EQ(papers[1].count(), 2);  // the child is a minor
}

TEST(PapersTest, WhoDidNotMoveFetchesNothingFromElsewhere) {
  auto home = HanakosHousehold();
  for (auto& member : *home.mutable_members()) {
    member.set_tax_municipality("akatsuki");
  }
  const auto papers = CountPapers(Benefit().definition.programme(), home,
                                  "akatsuki/residents", kToday);
  ASSERT_EQ(papers.size(), 1U);
  EXPECT_EQ(papers[0].paper().office(), "current_municipality");
}

TEST(PapersTest, AdultsAreThoseWhoAreEighteenToday) {
  struct Case {
    const char* birth_date;
    absl::CivilDay today;
    bool adult;
  };
  for (const Case& c : {
           Case{"2008-11-22", kToday, true},
           Case{"2008-11-23", kToday, false},
           Case{"2008-02-29", absl::CivilDay(2026, 2, 28), false},
           Case{"2008-02-29", absl::CivilDay(2026, 3, 1), true},
           Case{"not a date", kToday, true},
       }) {
    residents::v1::GetHouseholdResponse home;
    home.add_members()->set_birth_date(c.birth_date);
    const auto papers = CountPapers(Benefit().definition.programme(), home,
                                    "akatsuki/residents", c.today);
    EXPECT_EQ(papers.size(), c.adult ? 2U : 1U) << c.birth_date;
  }
}

TEST(ApplicationTest, AMissingPartSaysWhoAndWhy) {
  using Evidence = std::vector<std::vector<linkage::v1::Evidence>>;
  struct Case {
    const char* provider;
    const char* reason;
    void (*spoil)(Evidence&);
  };
  const Case kCases[] = {
      {"yunagi/tax", "NOT_A_TAXPAYER",
       [](Evidence& e) {
         e[2][0] =
             FailedEvidence("tax", "yunagi/tax", absl::StatusCode::kNotFound,
                            "NOT_A_TAXPAYER");
       }},
      {"accounts/accounts", "ACCOUNT_NOT_REGISTERED",
       [](Evidence& e) {
         e[0][0] = FailedEvidence("accounts", "accounts/accounts",
                                  absl::StatusCode::kNotFound,
                                  "ACCOUNT_NOT_REGISTERED");
       }},
      {"yunagi/tax", "DEADLINE_EXCEEDED",
       [](Evidence& e) {
         e[1][0].clear_message();
         e[1][0].mutable_status()->set_code(4);  // without any detail
       }},
      {"accounts", "NOT_ANSWERED",
       [](Evidence& e) { e[0].erase(e[0].begin()); }},
      {"tax", "NOT_ANSWERED", [](Evidence& e) { e[1].clear(); }},
      {"yunagi/tax", "ANSWER_UNREADABLE",
       [](Evidence& e) { e[1][0].set_type_name("psm.tax.v2.Status"); }},
      {"yunagi/tax", "ANSWER_UNREADABLE",
       [](Evidence& e) { e[1][0].set_message("\xff"); }},
      {"yunagi/tax", "ATTRIBUTE_WITHHELD",
       [](Evidence& e) { e[1][0].clear_message(); }},
      {"accounts/accounts", "ACCOUNT_UNUSABLE",
       [](Evidence& e) {
         auto account = HanakosAccount();
         account.set_number("12");
         e[0][0] = AccountEvidence(account);
       }},
      {"accounts/accounts", "ACCOUNT_UNUSABLE",
       [](Evidence& e) {
         auto account = HanakosAccount();
         account.set_holder_kana("青空花子");
         e[0][0] = AccountEvidence(account);
       }},
  };
  for (const Case& c : kCases) {
    Evidence evidence = HanakosEvidence();
    c.spoil(evidence);
    const auto application = Fill(evidence);
    ASSERT_EQ(application.status().code(),
              absl::StatusCode::kFailedPrecondition)
        << c.reason;
    const auto detail = DetailOf(application.status());
    ASSERT_TRUE(detail.has_value());
    EXPECT_EQ(detail->reason, "EVIDENCE_MISSING");
    EXPECT_EQ(detail->metadata.at("provider"), c.provider);
    EXPECT_EQ(detail->metadata.at("reason"), c.reason);
  }
  auto withheld = HanakosHousehold();
  withheld.clear_address();
  EXPECT_EQ(DetailOf(Fill(HanakosEvidence(), withheld).status())
                ->metadata.at("provider"),
            "akatsuki/residents");
}

TEST(ApplicationTest, WhatIsRefusedStaysEmptyAndAPaperStandsForIt) {
  auto evidence = HanakosEvidence();
  for (auto& legs : evidence) {
    legs.erase(legs.end() - 1);  // nobody was asked about tax
  }
  const auto application = FillForHousehold(
      Benefit(), {HanakosHousehold(), "akatsuki/residents", "exchange-r"},
      evidence, kToday, {"tax"});
  ASSERT_TRUE(application.ok()) << application.status();
  int empty = 0;
  for (const auto& field : application->fields) {
    if (!field.value().empty()) continue;
    ++empty;
    EXPECT_EQ(field.field().id(), "member_tax_category");
    EXPECT_EQ(field.provider(), "");
  }
  EXPECT_EQ(empty, 3);
  ASSERT_EQ(application->missing_papers.size(), 1U);
  EXPECT_EQ(application->missing_papers[0].count(), 3);
}

TEST(RuleTest, OneTaxedMemberDeniesTheHousehold) {
  const auto grants = [](absl::Span<const benefits::v1::FilledField> fields) {
    return CheckRules(Benefit().definition, fields)[0].fulfilled();
  };
  EXPECT_TRUE(grants(Fill(HanakosEvidence())->fields));
  for (std::size_t member = 0; member < 3; ++member) {
    for (const auto category :
         {GetTaxStatusResponse::TAXED, GetTaxStatusResponse::PER_CAPITA_ONLY}) {
      auto evidence = HanakosEvidence();
      evidence[member].back() = TaxEvidence("yunagi/tax", category);
      EXPECT_FALSE(grants(Fill(evidence)->fields));
    }
  }
  EXPECT_FALSE(grants({}));  // nobody is no household
}

}  // namespace
}  // namespace psm
