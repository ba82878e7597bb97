// Names of corporations as one searches them. Knows no corporation.
#ifndef PSM_SERVICES_CORPORATIONS_NAME_KEY_H_
#define PSM_SERVICES_CORPORATIONS_NAME_KEY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace psm::corporations {

// The name folded (services/codes/folded_text.h), without its legal form
// wherever it stands (株式会社, (株), ㈱, 合同会社 ...), without spaces and
// punctuation: what is left to tell one name from another. "" where nothing is
// left, for text that is not UTF-8 and for control characters.
std::string NameKey(absl::string_view name);

// A name in kana, folded, without spaces and punctuation. "" where anything
// else than katakana, hiragana (of any width), letters and digits is in it, and
// where nothing is left.
std::string KanaKey(absl::string_view kana);

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_NAME_KEY_H_
