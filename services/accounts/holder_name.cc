#include "services/accounts/holder_name.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/zengin_kana.h"

namespace psm {
namespace {

constexpr std::size_t kMaxCharacters = 100;

// Unicode has four forms of each voicing mark; the half-width one is the
// bank's. Text from some systems comes decomposed (Unicode annex 15, NFD).
std::string WithHalfWidthMarks(absl::string_view name) {
  return absl::StrReplaceAll(name, {{"\u3099", "\uFF9E"},
                                    {"\u309B", "\uFF9E"},
                                    {"\u309A", "\uFF9F"},
                                    {"\u309C", "\uFF9F"}});
}

std::string WithoutSpaces(std::string name) {
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  return name;
}

std::size_t CountCharacters(absl::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

absl::StatusOr<std::string> BankKana(absl::string_view name) {
  PSM_ASSIGN_OR_RETURN(std::string kana,
                       ToZenginKana(WithHalfWidthMarks(name)));
  absl::RemoveExtraAsciiWhitespace(&kana);
  if (kana.empty()) return absl::InvalidArgumentError("the name is empty");
  if (CountCharacters(kana) > kMaxCharacters)
    return absl::InvalidArgumentError("the name is too long");
  return kana;
}

bool IsSameHolder(absl::string_view a, absl::string_view b) {
  absl::StatusOr<std::string> first = BankKana(a);
  absl::StatusOr<std::string> second = BankKana(b);
  return first.ok() && second.ok() &&
         WithoutSpaces(*std::move(first)) == WithoutSpaces(*std::move(second));
}

}  // namespace psm
