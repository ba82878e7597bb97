#include "services/accounts/search_key.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/accounts/holder_name.h"

namespace psm {
namespace {

std::uint8_t Byte(absl::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

// U+FF01 to U+FF5E as ASCII, letters large: PayPay is ＰａｙＰａｙ in some
// lists.
std::string FoldLatin(absl::string_view text) {
  std::string folded;
  for (std::size_t i = 0; i < text.size();) {
    if (i + 2 < text.size() && Byte(text, i) == 0xEF &&
        (Byte(text, i + 1) == 0xBC || Byte(text, i + 1) == 0xBD)) {
      const unsigned character = 0xF000U | ((Byte(text, i + 1) & 0x3FU) << 6U) |
                                 (Byte(text, i + 2) & 0x3FU);
      if (character >= 0xFF01 && character <= 0xFF5E) {
        folded.push_back(absl::ascii_toupper(
            static_cast<unsigned char>(character - 0xFEE0U)));
        i += 3;
        continue;
      }
    }
    folded.push_back(absl::ascii_toupper(static_cast<unsigned char>(text[i])));
    ++i;
  }
  return folded;
}

std::string KanaKey(absl::string_view text) {
  absl::StatusOr<std::string> kana = BankKana(HiraganaToKatakana(text));
  if (!kana.ok()) return "";
  kana->erase(std::remove(kana->begin(), kana->end(), ' '), kana->end());
  return *std::move(kana);
}

}  // namespace

std::string HiraganaToKatakana(absl::string_view text) {
  std::string katakana(text);
  for (std::size_t i = 0; i + 2 < katakana.size(); ++i) {
    // U+3041 to U+3096 are E3 81 81 to E3 82 96; katakana lie 0x60 above.
    if (Byte(katakana, i) != 0xE3) continue;
    const unsigned character = 0x3000U |
                               ((Byte(katakana, i + 1) & 0x3FU) << 6U) |
                               (Byte(katakana, i + 2) & 0x3FU);
    if (character < 0x3041 || character > 0x3096) continue;
    const unsigned moved = character + 0x60U;
    katakana[i + 1] = static_cast<char>(0x80U | ((moved >> 6U) & 0x3FU));
    katakana[i + 2] = static_cast<char>(0x80U | (moved & 0x3FU));
  }
  return katakana;
}

SearchKey::SearchKey(absl::string_view query)
    : kana_(KanaKey(query)), name_(FoldLatin(query)) {}

bool SearchKey::Finds(absl::string_view code, absl::string_view kana,
                      absl::string_view name) const {
  if (!kana_.empty() &&
      (absl::StartsWith(code, kana_) || absl::StartsWith(KanaKey(kana), kana_)))
    return true;
  return absl::StrContains(FoldLatin(name), name_);
}

}  // namespace psm
