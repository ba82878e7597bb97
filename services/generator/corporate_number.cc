#include "services/generator/corporate_number.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/codes/corporate_number.h"

namespace psm {

std::string UnassignedCorporateNumber(int serial) {
  // 01: the organisation type of a stock company, in the 5th and 6th place.
  const std::string base =
      absl::StrFormat("%s01%06d", kUnassignedCorporatePrefix, serial);
  const std::optional<char> digit = CorporateCheckDigit(base);
  return absl::StrCat(absl::string_view(&*digit, 1), base);
}

}  // namespace psm
