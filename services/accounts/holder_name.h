// Whether an account's holder is a certain person, by the kana of both. Knows
// neither accounts nor persons.
#ifndef PSM_SERVICES_ACCOUNTS_HOLDER_NAME_H_
#define PSM_SERVICES_ACCOUNTS_HOLDER_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm {

// A holder's name as a bank writes it (ToZenginKana), spaces at both ends
// removed and runs of them made one. Takes full and half width; voicing marks
// in any of their forms: part of the letter, half-width, spacing or combining;
// every dash that people type for a hyphen or a long vowel; the middle dot
// between the parts of a foreign name as a space. INVALID_ARGUMENT for a name
// that is empty, longer than 100 characters, or has a character that banks do
// not write.
absl::StatusOr<std::string> BankKana(absl::string_view name);

// Whether a bank cannot tell the two names apart: equal after BankKana, spaces
// aside (registers put one between family and given name, banks need not). Full
// and half width, small and large kana, hyphens and long vowel marks are the
// same; a voicing mark or a long vowel too many is another name (オノ is not
// オーノ), because accounts of others were once registered for want of care
// (紐付け誤り, 2023). False where either cannot be written by a bank.
//
// Banks have room for 30 characters (a voicing mark is one): a `holder` that
// fills them is also a `person` whose longer name begins with it.
bool IsSameHolder(absl::string_view person, absl::string_view holder);

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_HOLDER_NAME_H_
