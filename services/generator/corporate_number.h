// Corporate numbers (法人番号) that no corporation can have.
#ifndef PSM_SERVICES_GENERATOR_CORPORATE_NUMBER_H_
#define PSM_SERVICES_GENERATOR_CORPORATE_NUMBER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm {

// The first digits, after the check digit, of every number made here. A
// registered corporation's begin with its registry office, 0100 to 5000
// (商業登記 規則 art. 1-2); those of the state and of local governments with
// 00, and of all others with 7. Nothing is assigned under 99.
inline constexpr char kUnassignedCorporatePrefix[] = "9900";

// A number under kUnassignedCorporatePrefix; `serial` below 1,000,000.
std::string UnassignedCorporateNumber(int serial);

}  // namespace psm

#endif  // PSM_SERVICES_GENERATOR_CORPORATE_NUMBER_H_
