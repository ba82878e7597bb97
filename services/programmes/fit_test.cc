#include "services/programmes/fit.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/programme_rules/test_programmes.h"

namespace psm {
namespace {

using benefits::v1::FilledField;
using programmes::v1::Fit;
using programmes::v1::RuleAnswer;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

const absl::CivilDay kToday(2026, 11, 22);
const std::set<std::string> kAll = {"residents", "tax"};

const Programme& Relief() {
  return *TestProgrammes().Find("price-relief-2026");
}

FilledField Fact(const std::string& id, int member, const std::string& value,
                 const std::string& provider) {
  FilledField field;
  field.mutable_field()->set_id(id);
  field.set_member(member);
  field.set_value(value);
  field.set_provider(provider);
  return field;
}

std::vector<FilledField> Household(const std::string& second_category) {
  return {Fact("member_birth_date", 0, "1988-07-07", "akatsuki/residents"),
          Fact("member_birth_date", 1, "2017-04-21", "akatsuki/residents"),
          Fact("member_tax_category", 0, "EXEMPT", "yunagi/tax"),
          Fact("member_tax_category", 1, second_category, "akatsuki/tax")};
}

TEST(FitTest, LooksAtNothingThatNoRuleAsksFor) {
  EXPECT_THAT(FieldsLookedAt(Relief()),
              UnorderedElementsAre("member_birth_date", "member_tax_category"));
}

TEST(FitTest, SaysWhyAndByWhoseWord) {
  const Fit fits = FitOf(Relief(), Household("EXEMPT"), kAll, kToday);
  EXPECT_EQ(fits.verdict(), Fit::FITS);
  EXPECT_EQ(fits.amount_yen(), 50'000);
  ASSERT_EQ(fits.rules_size(), 1);
  EXPECT_EQ(fits.rules(0).answer(), RuleAnswer::HOLDS);
  EXPECT_EQ(fits.rules(0).dataset(), "tax");
  EXPECT_THAT(fits.rules(0).providers(),
              ElementsAre("akatsuki/tax", "yunagi/tax"));

  const Fit not_fits = FitOf(Relief(), Household("TAXED"), kAll, kToday);
  EXPECT_EQ(not_fits.verdict(), Fit::FITS_NOT);
  EXPECT_EQ(not_fits.rules(0).answer(), RuleAnswer::HOLDS_NOT);
  EXPECT_EQ(not_fits.amount_yen(), 0);
}

TEST(FitTest, WhatNobodyWasAskedForIsNotKnown) {
  const std::vector<std::set<std::string>> agreements = {
      {}, {"residents"}, {"tax"}};
  for (const std::set<std::string>& agreed : agreements) {
    const Fit fit = FitOf(Relief(), {}, agreed, kToday);
    EXPECT_EQ(fit.verdict(), Fit::NOT_KNOWN);
    EXPECT_EQ(fit.rules(0).answer(), RuleAnswer::NOT_ASKED);
    EXPECT_EQ(fit.amount_yen(), 0);
  }
}

TEST(FitTest, OutsideThePeriodNothingFits) {
  const Fit late =
      FitOf(Relief(), Household("EXEMPT"), kAll, absl::CivilDay(2027, 4, 1));
  EXPECT_EQ(late.verdict(), Fit::FITS_NOT);
  EXPECT_FALSE(late.in_period());
  EXPECT_EQ(late.last_date(), "2027-03-31");
  EXPECT_EQ(late.rules(0).answer(), RuleAnswer::HOLDS);
}

TEST(FitTest, WhatFitsStandsFirst) {
  std::vector<Fit> fits(3);
  fits[0].set_programme("c");
  fits[0].set_verdict(Fit::FITS_NOT);
  fits[1].set_programme("b");
  fits[1].set_verdict(Fit::FITS);
  fits[2].set_programme("a");
  fits[2].set_verdict(Fit::FITS);
  SortFits(fits);
  EXPECT_EQ(fits[0].programme(), "a");
  EXPECT_EQ(fits[1].programme(), "b");
  EXPECT_EQ(fits[2].programme(), "c");
}

}  // namespace
}  // namespace psm
