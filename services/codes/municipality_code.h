// Local government codes (全国地方公共団体コード): the public ids of
// prefectures and municipalities. Knows no place.
#ifndef PSM_SERVICES_CODES_MUNICIPALITY_CODE_H_
#define PSM_SERVICES_CODES_MUNICIPALITY_CODE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// The whole code, 6 digits, of 5 digits without check digit: weights 6, 5, 4,
// 3, 2 from the left, then (11 - sum mod 11) mod 10 (総務省, 都道府県コード及び
// 市区町村コードの説明). "" for anything but 5 ASCII digits.
std::string WithMunicipalityCheckDigit(absl::string_view digits);

// Whether `code` is 6 ASCII digits, the last of them the check digit.
bool IsMunicipalityCode(absl::string_view code);

}  // namespace psm

#endif  // PSM_SERVICES_CODES_MUNICIPALITY_CODE_H_
