#include "services/generator/corporate_number.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace psm {

absl::StatusOr<std::string> WithCheckDigit(absl::string_view digits) {
  if (digits.size() != 12 ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) {
    return absl::InvalidArgumentError("give 12 digits");
  }
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    // The first of 12 digits is the 12th from the right: even.
    sum += (digits[i] - '0') * (i % 2 == 0 ? 2 : 1);
  }
  return absl::StrCat(9 - sum % 9, digits);
}

std::string UnassignedCorporateNumber(int serial) {
  // 01: the organisation type of a stock company, in the 5th and 6th place.
  return *WithCheckDigit(
      absl::StrFormat("%s01%06d", kUnassignedCorporatePrefix, serial));
}

}  // namespace psm
