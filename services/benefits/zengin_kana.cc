#include "services/benefits/zengin_kana.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "mesh/base/status_macros.h"

namespace psm {
namespace {

// JIS X 0201 of U+30A1 (small a) to U+30FA (vo): the base letter, large, and
// the voicing mark that follows it or 0.
struct Kana {
  std::uint8_t base;
  std::uint8_t mark;
};
constexpr std::uint8_t kVoiced = 0xDE;
constexpr std::uint8_t kHalfVoiced = 0xDF;
constexpr char32_t kFirstKana = 0x30A1;
constexpr char32_t kLastKana = 0x30FA;

constexpr Kana kKana[] = {
    {0xB1, 0},       {0xB1, 0},                         // a
    {0xB2, 0},       {0xB2, 0},                         // i
    {0xB3, 0},       {0xB3, 0},                         // u
    {0xB4, 0},       {0xB4, 0},                         // e
    {0xB5, 0},       {0xB5, 0},                         // o
    {0xB6, 0},       {0xB6, kVoiced},                   // ka ga
    {0xB7, 0},       {0xB7, kVoiced},                   // ki gi
    {0xB8, 0},       {0xB8, kVoiced},                   // ku gu
    {0xB9, 0},       {0xB9, kVoiced},                   // ke ge
    {0xBA, 0},       {0xBA, kVoiced},                   // ko go
    {0xBB, 0},       {0xBB, kVoiced},                   // sa za
    {0xBC, 0},       {0xBC, kVoiced},                   // shi ji
    {0xBD, 0},       {0xBD, kVoiced},                   // su zu
    {0xBE, 0},       {0xBE, kVoiced},                   // se ze
    {0xBF, 0},       {0xBF, kVoiced},                   // so zo
    {0xC0, 0},       {0xC0, kVoiced},                   // ta da
    {0xC1, 0},       {0xC1, kVoiced},                   // chi di
    {0xC2, 0},       {0xC2, 0},       {0xC2, kVoiced},  // small tsu, tsu, du
    {0xC3, 0},       {0xC3, kVoiced},                   // te de
    {0xC4, 0},       {0xC4, kVoiced},                   // to do
    {0xC5, 0},       {0xC6, 0},       {0xC7, 0},        // na ni nu
    {0xC8, 0},       {0xC9, 0},                         // ne no
    {0xCA, 0},       {0xCA, kVoiced}, {0xCA, kHalfVoiced},  // ha ba pa
    {0xCB, 0},       {0xCB, kVoiced}, {0xCB, kHalfVoiced},  // hi bi pi
    {0xCC, 0},       {0xCC, kVoiced}, {0xCC, kHalfVoiced},  // fu bu pu
    {0xCD, 0},       {0xCD, kVoiced}, {0xCD, kHalfVoiced},  // he be pe
    {0xCE, 0},       {0xCE, kVoiced}, {0xCE, kHalfVoiced},  // ho bo po
    {0xCF, 0},       {0xD0, 0},       {0xD1, 0},            // ma mi mu
    {0xD2, 0},       {0xD3, 0},                             // me mo
    {0xD4, 0},       {0xD4, 0},                             // ya
    {0xD5, 0},       {0xD5, 0},                             // yu
    {0xD6, 0},       {0xD6, 0},                             // yo
    {0xD7, 0},       {0xD8, 0},       {0xD9, 0},            // ra ri ru
    {0xDA, 0},       {0xDB, 0},                             // re ro
    {0xDC, 0},       {0xDC, 0},                             // small wa, wa
    {0xB2, 0},       {0xB4, 0},  // wi and we: sounded i and e
    {0xA6, 0},       {0xDD, 0},       {0xB3, kVoiced},  // wo n vu
    {0xB6, 0},       {0xB9, 0},                         // small ka, small ke
    {0xDC, kVoiced},                                    // va
    {0xB2, kVoiced}, {0xB4, kVoiced},  // vi and ve: as wi and we
    {0xA6, kVoiced},                   // vo
};
static_assert(sizeof(kKana) / sizeof(kKana[0]) == kLastKana - kFirstKana + 1);

// Large forms of the half-width small kana 0xA7 to 0xAF.
constexpr std::uint8_t kLarge[] = {0xB1, 0xB2, 0xB3, 0xB4, 0xB5,
                                   0xD4, 0xD5, 0xD6, 0xC2};

absl::Status Malformed() {
  return absl::InvalidArgumentError(
      "write the name in katakana, capitals and digits");
}

// Takes one character off the front; nullopt for broken UTF-8. Surrogates and
// overlong forms decode to characters that the set does not have, or fail.
std::optional<char32_t> TakeCharacter(absl::string_view& text) {
  const auto byte = [&text](std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
  };
  const std::uint8_t first = byte(0);
  std::size_t length = 1;
  char32_t character = first;
  if (first >= 0x80) {
    if (first >= 0xC2 && first < 0xE0) {
      length = 2;
      character = first & 0x1FU;
    } else if (first >= 0xE0 && first < 0xF0) {
      length = 3;
      character = first & 0x0FU;
    } else {
      return std::nullopt;  // no character of the set needs four bytes
    }
    if (text.size() < length) return std::nullopt;
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
      character = (character << 6) | (byte(i) & 0x3FU);
    }
    if (length == 3 && character < 0x800) return std::nullopt;  // overlong
  }
  text.remove_prefix(length);
  return character;
}

// Appends one character of the set, or returns false.
bool AppendByte(char32_t c, std::string& out) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;  // full-width ASCII
  if (c >= 'a' && c <= 'z') c -= 0x20;
  if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
      c == '(' || c == ')' || c == '-' || c == '.' || c == '/') {
    out.push_back(static_cast<char>(c));
    return true;
  }
  switch (c) {
    case 0x3000:  // ideographic space
      out.push_back(' ');
      return true;
    case 0x30FC:  // long vowel, full width
    case 0xFF70:  // long vowel, half width
    case 0x2010:  // hyphen
    case 0x2212:  // minus
      out.push_back('-');
      return true;
    default:
      break;
  }
  if (c >= kFirstKana && c <= kLastKana) {
    const Kana& kana = kKana[c - kFirstKana];
    out.push_back(static_cast<char>(kana.base));
    if (kana.mark != 0) out.push_back(static_cast<char>(kana.mark));
    return true;
  }
  if (c >= 0xFF67 && c <= 0xFF6F) {
    out.push_back(static_cast<char>(kLarge[c - 0xFF67]));
    return true;
  }
  if (c == 0xFF66 || (c >= 0xFF71 && c <= 0xFF9F)) {
    out.push_back(static_cast<char>(c - 0xFF61 + 0xA1));
    return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> ToZenginBytes(absl::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const std::optional<char32_t> character = TakeCharacter(text);
    if (!character || !AppendByte(*character, bytes)) return Malformed();
  }
  return bytes;
}

absl::StatusOr<std::string> ToZenginKana(absl::string_view text) {
  PSM_ASSIGN_OR_RETURN(const std::string bytes, ToZenginBytes(text));
  std::string kana;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x80) {
      kana.push_back(c);
      continue;
    }
    const char32_t character = byte - 0xA1U + 0xFF61U;
    kana.push_back(static_cast<char>(0xE0U | (character >> 12)));
    kana.push_back(static_cast<char>(0x80U | ((character >> 6) & 0x3FU)));
    kana.push_back(static_cast<char>(0x80U | (character & 0x3FU)));
  }
  return kana;
}

}  // namespace psm
