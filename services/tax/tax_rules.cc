#include "services/tax/tax_rules.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "services/codes/text_length.h"

namespace psm {
namespace {

using tax::v1::Circumstances;
using tax::v1::GetTaxStatusResponse;

// Limits of municipalities of the first grade (1級地), in yen.
constexpr std::int64_t kPerHead = 350'000;
constexpr std::int64_t kEverybody = 100'000;
constexpr std::int64_t kDependantsPerCapita = 210'000;  // 施行令 art. 47-3
constexpr std::int64_t kDependantsByIncome = 320'000;   // 附則 art. 3-3
constexpr std::int64_t kRelieved = 1'350'000;           // art. 295(1)(ii)

// Municipality 3,000, prefecture 1,000, forest environment tax 1,000.
constexpr std::int64_t kPerCapitaTax = 5'000;
constexpr std::int64_t kBasicDeduction = 430'000;      // art. 314-2
constexpr std::int64_t kDependantDeduction = 330'000;  // art. 314-2
constexpr std::int64_t kRatePercent = 10;              // arts. 35 and 314-3

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, reason, message);
}

}  // namespace

Determination Determine(const Circumstances& circumstances) {
  const std::int64_t income = circumstances.income_yen();
  const std::int64_t dependants = circumstances.dependants();
  const std::int64_t base = kPerHead * (1 + dependants) + kEverybody;
  const std::int64_t exempt_up_to =
      base + (dependants > 0 ? kDependantsPerCapita : 0);
  if (circumstances.public_assistance() || income <= exempt_up_to ||
      (circumstances.relieved() && income <= kRelieved))
    return {GetTaxStatusResponse::EXEMPT, 0};
  const std::int64_t per_capita_up_to =
      base + (dependants > 0 ? kDependantsByIncome : 0);
  if (income <= per_capita_up_to)
    return {GetTaxStatusResponse::PER_CAPITA_ONLY, kPerCapitaTax};
  const std::int64_t taxable =
      std::max<std::int64_t>(
          0, income - kBasicDeduction - kDependantDeduction * dependants) /
      1'000 * 1'000;  // art. 20-4-2: down to a thousand
  const std::int64_t by_income = taxable * kRatePercent / 100 / 100 * 100;
  return {GetTaxStatusResponse::TAXED, kPerCapitaTax + by_income};
}

absl::Status CheckCircumstances(const Circumstances& circumstances) {
  if (circumstances.income_yen() < 0 ||
      circumstances.income_yen() > kMaxIncomeYen)
    return Invalid("INCOME_INVALID", "give the income in yen");
  if (circumstances.dependants() < 0 ||
      circumstances.dependants() > kMaxDependants)
    return Invalid("DEPENDANTS_INVALID", "give the number of dependants");
  return absl::OkStatus();
}

absl::Status CheckDeathDate(absl::string_view text, absl::Time now) {
  absl::CivilDay day;
  if (text.size() == 10 && absl::ParseCivilTime(text, &day) &&
      absl::FormatCivilTime(day) == std::string(text) && day <= DayInJapan(now))
    return absl::OkStatus();
  return Invalid("DATE_INVALID", "give the day as YYYY-MM-DD once it has come");
}

absl::Status CheckGrounds(absl::string_view grounds) {
  const bool control = std::any_of(grounds.begin(), grounds.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  const std::size_t characters = CharactersIn(grounds);
  if (characters >= 1 && characters <= 200 && !control) return absl::OkStatus();
  return Invalid("GROUNDS_MISSING", "say in one line why");
}

int FiscalYearOf(absl::Time time) {
  const absl::CivilDay day = DayInJapan(time);
  return static_cast<int>(day.month() < 4 ? day.year() - 1 : day.year());
}

absl::CivilDay TaxDay(int fiscal_year) {
  return absl::CivilDay(fiscal_year, 1, 1);
}

absl::Status CheckFiscalYear(int fiscal_year, absl::Time now) {
  const int present = FiscalYearOf(now);
  if (fiscal_year <= present && fiscal_year >= present - kAssessableYears)
    return absl::OkStatus();
  return Invalid("FISCAL_YEAR_INVALID", "this year cannot be assessed now");
}

}  // namespace psm
