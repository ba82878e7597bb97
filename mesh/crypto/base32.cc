#include "mesh/crypto/base32.h"

#include <cstddef>
#include <cstdint>

namespace psm {
namespace {

constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

// The five bits of a character, or 32 for one outside the alphabet.
std::uint32_t ValueOf(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a');
  if (c >= '2' && c <= '7') return static_cast<std::uint32_t>(c - '2' + 26);
  return 32;
}

}  // namespace

std::string Base32Encode(absl::string_view bytes) {
  std::string text((bytes.size() * 8 + 4) / 5, '\0');
  std::uint32_t bits = 0;  // the low `count` bits are not written yet
  int count = 0;
  std::size_t at = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    count += 8;
    for (; count >= 5; count -= 5) {
      text[at++] = kAlphabet[(bits >> (count - 5)) & 31];
    }
  }
  if (count > 0) text[at] = kAlphabet[(bits << (5 - count)) & 31];
  return text;
}

std::optional<std::string> Base32Decode(absl::string_view text) {
  std::string bytes(text.size() * 5 / 8, '\0');
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const std::uint32_t value = ValueOf(c);
    if (value > 31) return std::nullopt;
    bits = (bits << 5) | value;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = static_cast<char>((bits >> count) & 0xff);
    }
  }
  // What is left is padding: less than one character, and zero.
  if (count >= 5 || (bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace psm
