// The numbers of a written address: 2丁目3番4号, 2-3-4, 二丁目三の四. Knows no
// place.
#ifndef PSM_SERVICES_ADDRESSES_ADDRESS_NUMBERS_H_
#define PSM_SERVICES_ADDRESSES_ADDRESS_NUMBERS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "services/addresses/address_text.h"

namespace psm::addresses {

// One number and what follows it.
struct AddressNumber {
  // What the writer said it to be. kHyphen: the next number follows at once, by
  // a hyphen or の; kNone: nothing follows.
  enum class Unit { kNone, kHyphen, kChome, kBanchi, kGo };

  int value = 0;
  Unit unit = Unit::kNone;
  std::size_t begin = 0;  // in the key
  std::size_t end = 0;    // behind the unit
};

// The numbers from `at` on, at most `most`; none where none stand there. What
// belongs to a building is none of them: 201号室, 5階, B棟, and a number behind
// a space after one that has no unit.
std::vector<AddressNumber> ReadAddressNumbers(const AddressText& text,
                                              std::size_t at, std::size_t most);

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_ADDRESS_NUMBERS_H_
