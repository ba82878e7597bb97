#include "services/codes/corporate_number.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace psm {
namespace {

constexpr std::size_t kBaseDigits = 12;

}  // namespace

std::optional<char> CorporateCheckDigit(absl::string_view base) {
  if (base.size() != kBaseDigits ||
      !std::all_of(base.begin(), base.end(), absl::ascii_isdigit))
    return std::nullopt;
  int sum = 0;
  for (std::size_t n = 1; n <= kBaseDigits; ++n)
    sum += (base[kBaseDigits - n] - '0') * (n % 2 == 1 ? 1 : 2);
  return static_cast<char>('0' + 9 - sum % 9);
}

bool IsCorporateNumber(absl::string_view number) {
  if (number.empty()) return false;
  const std::optional<char> digit = CorporateCheckDigit(number.substr(1));
  return digit.has_value() && *digit == number[0];
}

}  // namespace psm
