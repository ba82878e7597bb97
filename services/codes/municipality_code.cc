#include "services/codes/municipality_code.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace psm {
namespace {

constexpr std::size_t kPlaceDigits = 5;

}  // namespace

std::string WithMunicipalityCheckDigit(absl::string_view digits) {
  if (digits.size() != kPlaceDigits ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit))
    return "";
  int sum = 0;
  for (std::size_t i = 0; i < kPlaceDigits; ++i)
    sum += (digits[i] - '0') * static_cast<int>(kPlaceDigits + 1 - i);
  return absl::StrCat(digits, (11 - sum % 11) % 10);
}

bool IsMunicipalityCode(absl::string_view code) {
  return code.size() == kPlaceDigits + 1 &&
         WithMunicipalityCheckDigit(code.substr(0, kPlaceDigits)) == code;
}

}  // namespace psm
