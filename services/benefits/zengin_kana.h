// The characters that banks write names in: half-width katakana, capitals,
// digits and a few signs. Knows nothing of accounts.
#ifndef PSM_SERVICES_BENEFITS_ZENGIN_KANA_H_
#define PSM_SERVICES_BENEFITS_ZENGIN_KANA_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm {

// Writes a name as a bank does, in UTF-8: katakana half-width with the voicing
// marks as characters of their own, small kana large, long vowels as `-`,
// letters as capitals, every kind of space as one ASCII space each. Takes full
// width and half width. Two spellings that a bank cannot tell apart give the
// same text. INVALID_ARGUMENT for UTF-8 that is broken and for any character
// that the set does not have (hiragana and kanji among them).
// Source: banks' published tables of the zengin set; they agree in all but the
// signs, of which only those that all have are taken: ( ) - . / and space.
absl::StatusOr<std::string> ToZenginKana(absl::string_view text);

// The same, one byte a character: JIS X 0201, which is also Shift_JIS for these
// characters (katakana 0xA6 to 0xDF). This is what a transfer file holds.
absl::StatusOr<std::string> ToZenginBytes(absl::string_view text);

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_ZENGIN_KANA_H_
