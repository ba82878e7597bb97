// A written address as it is compared with names of places. Knows no place.
#ifndef PSM_SERVICES_ADDRESSES_ADDRESS_TEXT_H_
#define PSM_SERVICES_ADDRESSES_ADDRESS_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace psm::addresses {

// UTF-8, and for each of its bytes where that came from.
struct AddressText {
  std::string key;
  // Bytes of the written text; one more than the key has, the last its size.
  std::vector<std::size_t> origin;
  // Whether a space stood before that byte; as many as origin.
  std::vector<bool> gap;
};

// Folds (services/codes/folded_text.h) and further: spaces leave nothing but a
// gap; が, ガ, ヶ and ケ are one, and so are 之, の and ノ; numbers in kanji
// (三, 二十三, 二〇) are digits, but 一 between two digits is a hyphen. Names
// of places go through the same, so that 三田 and 3田 are one. Nullopt for what
// is not UTF-8 and for control characters.
std::optional<AddressText> ReadAddressText(absl::string_view written);

// The key alone, of the name of a town: without 大字 and 字 before it. "" as
// above.
std::string PlaceKey(absl::string_view name);

// Takes 大字 or 字 off the front of a key.
void SkipAza(absl::string_view& key);

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_ADDRESS_TEXT_H_
