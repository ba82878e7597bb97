// How long a text is to whoever writes it.
#ifndef PSM_SERVICES_CODES_TEXT_LENGTH_H_
#define PSM_SERVICES_CODES_TEXT_LENGTH_H_

#include <algorithm>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace psm {

// The code points of a text in UTF-8, as every string field of a message that
// was parsed is: a kana is one, of three bytes.
inline std::size_t CharactersIn(absl::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;  // begins one
      }));
}

}  // namespace psm

#endif  // PSM_SERVICES_CODES_TEXT_LENGTH_H_
