// What a person types to find a bank. Knows no banks.
#ifndef PSM_SERVICES_ACCOUNTS_SEARCH_KEY_H_
#define PSM_SERVICES_ACCOUNTS_SEARCH_KEY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// Immutable, thread-safe.
class SearchKey {
 public:
  // Digits, katakana or hiragana in any width, or a part of a name. Empty finds
  // everything.
  explicit SearchKey(absl::string_view query);

  // Whether the code begins with it, or the kana as banks write it (small kana
  // are large, spaces aside), or the name contains it (width and case of Latin
  // letters aside).
  bool Finds(absl::string_view code, absl::string_view kana,
             absl::string_view name) const;

 private:
  std::string kana_;  // "": not to be written in kana or digits
  std::string name_;
};

// Hiragana as katakana; the rest as it is. Takes UTF-8; what is none stays.
std::string HiraganaToKatakana(absl::string_view text);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_SEARCH_KEY_H_
