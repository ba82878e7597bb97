#include "services/tax/tax_rules.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm {
namespace {

using tax::v1::Circumstances;
using RuleStatus = tax::v1::GetTaxStatusResponse;

Circumstances Of(std::int64_t income_yen, int dependants, bool relieved = false,
                 bool assisted = false) {
  Circumstances circumstances;
  circumstances.set_income_yen(income_yen);
  circumstances.set_dependants(dependants);
  circumstances.set_relieved(relieved);
  circumstances.set_public_assistance(assisted);
  return circumstances;
}

TEST(TaxRulesTest, CategoryAndTaxFollowIncomeAndDependants) {
  struct Case {
    Circumstances circumstances;
    RuleStatus::Category category;
    std::int64_t tax_yen;
  };
  for (const Case& c :
       {Case{Of(0, 0), RuleStatus::EXEMPT, 0},
        Case{Of(450'000, 0), RuleStatus::EXEMPT, 0},
        // Alone, there is no income for which the flat rate is all.
        Case{Of(450'001, 0), RuleStatus::TAXED, 7'000},
        Case{Of(1'010'000, 1), RuleStatus::EXEMPT, 0},
        Case{Of(1'010'001, 1), RuleStatus::PER_CAPITA_ONLY, 5'000},
        Case{Of(1'120'000, 1), RuleStatus::PER_CAPITA_ONLY, 5'000},
        Case{Of(1'120'001, 1), RuleStatus::TAXED, 41'000},
        Case{Of(1'360'000, 2), RuleStatus::EXEMPT, 0},
        Case{Of(1'350'000, 0, true), RuleStatus::EXEMPT, 0},
        Case{Of(1'350'001, 0, true), RuleStatus::TAXED, 97'000},
        Case{Of(9'000'000, 0, false, true), RuleStatus::EXEMPT, 0},
        Case{Of(3'120'000, 0), RuleStatus::TAXED, 274'000},
        Case{Of(3'120'999, 0), RuleStatus::TAXED, 274'000},
        Case{Of(kMaxIncomeYen, 0), RuleStatus::TAXED, 999'999'962'000}}) {
    const Determination determined = Determine(c.circumstances);
    EXPECT_EQ(determined.category, c.category)
        << c.circumstances.ShortDebugString();
    EXPECT_EQ(determined.tax_yen, c.tax_yen)
        << c.circumstances.ShortDebugString();
  }
}

TEST(TaxRulesTest, CircumstancesHaveLimits) {
  for (const Circumstances& bad : {Of(-1, 0), Of(kMaxIncomeYen + 1, 0)})
    EXPECT_EQ(ReasonOf(CheckCircumstances(bad)), "INCOME_INVALID");
  for (const Circumstances& bad : {Of(0, -1), Of(0, 21)})
    EXPECT_EQ(ReasonOf(CheckCircumstances(bad)), "DEPENDANTS_INVALID");
  EXPECT_TRUE(CheckCircumstances(Of(kMaxIncomeYen, kMaxDependants)).ok());
}

TEST(TaxRulesTest, AYearIsAssessedFromItsBeginForFiveYears) {
  const absl::Time march = absl::FromCivil(
      absl::CivilSecond(2027, 3, 31, 23, 59, 59), absl::FixedTimeZone(32400));
  EXPECT_EQ(FiscalYearOf(march), 2026);
  EXPECT_EQ(FiscalYearOf(march + absl::Seconds(1)), 2027);
  for (const int year : {2026, 2021})
    EXPECT_TRUE(CheckFiscalYear(year, march).ok()) << year;
  for (const int year : {2027, 2020, 0, -1})
    EXPECT_EQ(ReasonOf(CheckFiscalYear(year, march)), "FISCAL_YEAR_INVALID");
}

TEST(TaxRulesTest, ADeathHasADayThatHasCome) {
  const absl::Time now = absl::FromCivil(
      absl::CivilSecond(2026, 11, 22, 12, 0, 0), absl::FixedTimeZone(32400));
  EXPECT_TRUE(CheckDeathDate("2026-11-22", now).ok());
  for (const char* bad : {"2026-11-23", "2026-02-30", "", "2026-1-1", "now"})
    EXPECT_EQ(ReasonOf(CheckDeathDate(bad, now)), "DATE_INVALID") << bad;
}

TEST(TaxRulesTest, GroundsAreOneLine) {
  EXPECT_TRUE(CheckGrounds("確定申告の修正").ok());
  for (const std::string& bad :
       {std::string(), std::string("a\nb"), std::string(201, 'x')})
    EXPECT_EQ(ReasonOf(CheckGrounds(bad)), "GROUNDS_MISSING");
}

}  // namespace
}  // namespace psm
