// A Japanese text so written that spellings which mean the same are equal.
// Knows no name and no place.
#ifndef PSM_SERVICES_CODES_FOLDED_TEXT_H_
#define PSM_SERVICES_CODES_FOLDED_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace psm {

// For comparing, never for showing. `origin` says where each character stands
// in the text as it was written.
struct FoldedText {
  std::u32string characters;
  // Bytes of the written text; one more than characters, the last its size.
  std::vector<std::size_t> origin;
};

// Folds: full-width letters, digits and signs to ASCII in lower case;
// half-width and small kana to large full-width katakana, hiragana to katakana,
// separate voicing marks into their kana (so far as Unicode NFKC, which this is
// not: no tables of all characters); circled digits and abbreviations of legal
// forms in one character (㈱) to what they stand for; old and variant forms of
// characters that names and places have to the common one; every kind of space
// to one ASCII space, every kind of hyphen to `-`, and the long vowel `ー` too
// where it follows a digit; variation selectors and characters without width
// to nothing. Nullopt for what is not UTF-8 and for control characters.
std::optional<FoldedText> Fold(absl::string_view written);

// One character as UTF-8.
void AppendUtf8(char32_t character, std::string& text);

// The folded characters as UTF-8, without spaces: two texts that give the same
// key are the same name. Nullopt as Fold.
std::optional<std::string> FoldedKey(absl::string_view written);

}  // namespace psm

#endif  // PSM_SERVICES_CODES_FOLDED_TEXT_H_
