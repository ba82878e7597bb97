// Corporate numbers (法人番号): public names of corporations. Knows no
// corporation.
#ifndef PSM_SERVICES_CODES_CORPORATE_NUMBER_H_
#define PSM_SERVICES_CODES_CORPORATE_NUMBER_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace psm {

// The check digit, '1' to '9', that stands before 12 base digits: 9 - (sum of
// P_n * Q_n mod 9), P_n the n-th digit from the right, Q_n 1 for odd n and 2
// for even n (平成26年財務省令70号 第2条). Nullopt unless `base` is 12 ASCII
// digits.
std::optional<char> CorporateCheckDigit(absl::string_view base);

// Whether `number` is 13 ASCII digits, the first of them the check digit of the
// others. A 0 taken for a 9 passes: the rule cannot see it.
bool IsCorporateNumber(absl::string_view number);

}  // namespace psm

#endif  // PSM_SERVICES_CODES_CORPORATE_NUMBER_H_
