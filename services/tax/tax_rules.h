// What residence tax a person owes for a year: a simplified form of the law,
// which README.md describes. Knows no database and no gRPC.
#ifndef PSM_SERVICES_TAX_TAX_RULES_H_
#define PSM_SERVICES_TAX_TAX_RULES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "psm/tax/v1/assessments.pb.h"

namespace psm {

// 10^13 yen; far from where sums would overflow.
inline constexpr std::int64_t kMaxIncomeYen = 10'000'000'000'000;
inline constexpr int kMaxDependants = 20;
// A year can be assessed for the first time so many years after (地方税法 art.
// 17-5 knows three to seven; five is the general limit for collection).
inline constexpr int kAssessableYears = 5;

struct Determination {
  tax::v1::GetTaxStatusResponse::Category category =
      tax::v1::GetTaxStatusResponse::CATEGORY_UNSPECIFIED;
  std::int64_t tax_yen = 0;  // of the whole year
};

// Category and tax for circumstances that CheckCircumstances lets pass.
Determination Determine(const tax::v1::Circumstances& circumstances);

// INVALID_ARGUMENT INCOME_INVALID or DEPENDANTS_INVALID.
absl::Status CheckCircumstances(const tax::v1::Circumstances& circumstances);

// INVALID_ARGUMENT FISCAL_YEAR_INVALID for a year that has not begun, or is
// more than kAssessableYears past.
absl::Status CheckFiscalYear(int fiscal_year, absl::Time now);

// Exactly `YYYY-MM-DD`, a day that has come in Japan; INVALID_ARGUMENT
// DATE_INVALID.
absl::Status CheckDeathDate(absl::string_view text, absl::Time now);

// One line, 1 to 200 characters without control characters; INVALID_ARGUMENT
// GROUNDS_MISSING.
absl::Status CheckGrounds(absl::string_view grounds);

// The fiscal year (April to March, Japan) that a moment lies in.
int FiscalYearOf(absl::Time time);

// The day that decides which municipality taxes the year (art. 318).
absl::CivilDay TaxDay(int fiscal_year);

}  // namespace psm

#endif  // PSM_SERVICES_TAX_TAX_RULES_H_
