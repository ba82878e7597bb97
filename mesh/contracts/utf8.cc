#include "mesh/contracts/utf8.h"

#include <cstdint>
#include <cstring>

namespace psm {
namespace {

bool IsContinuation(unsigned char c) { return (c & 0xc0) == 0x80; }

// The length of the character at `p`, which does not start with ASCII; 0 where
// it is none. RFC 3629, 4: the second byte is what tells overlong forms,
// surrogates and too large numbers.
std::size_t CharacterSize(const unsigned char* p, std::size_t left) {
  const unsigned char first = p[0];
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return left >= 2 && IsContinuation(p[1]) ? 2 : 0;
  const unsigned char lowest =
      first == 0xe0 ? 0xa0 : (first == 0xf0 ? 0x90 : 0x80);
  const unsigned char highest =
      first == 0xed ? 0x9f : (first == 0xf4 ? 0x8f : 0xbf);
  const std::size_t size = first < 0xf0 ? 3 : 4;
  if (left < size || p[1] < lowest || p[1] > highest || !IsContinuation(p[2]))
    return 0;
  return size == 3 || IsContinuation(p[3]) ? size : 0;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (end - p >= 8) {
      std::uint64_t eight;
      std::memcpy(&eight, p, 8);
      if ((eight & 0x8080808080808080u) == 0) {
        p += 8;
        continue;
      }
    }
    if (*p < 0x80) {
      ++p;
      continue;
    }
    const std::size_t size =
        CharacterSize(p, static_cast<std::size_t>(end - p));
    if (size == 0) return false;
    p += size;
  }
  return true;
}

}  // namespace psm
