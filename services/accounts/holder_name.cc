#include "services/accounts/holder_name.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/zengin_kana.h"

namespace psm {
namespace {

constexpr std::size_t kMaxCharacters = 100;

// Bytes of a holder's name in a transfer, one a character.
constexpr std::size_t kHolderBytes = 30;

// Unicode has four forms of each voicing mark; the half-width one is the
// bank's. Text from some systems comes decomposed (Unicode annex 15, NFD).
// Dashes look alike, and input methods give now one, now another: hyphens and
// dashes U+2010 to U+2015, the minus sign, the box drawing line.
std::string WithBanksSigns(absl::string_view name) {
  return absl::StrReplaceAll(name, {{"\u3099", "\uFF9E"},
                                    {"\u309B", "\uFF9E"},
                                    {"\u309A", "\uFF9F"},
                                    {"\u309C", "\uFF9F"},
                                    {"\u2010", "-"},
                                    {"\u2011", "-"},
                                    {"\u2012", "-"},
                                    {"\u2013", "-"},
                                    {"\u2014", "-"},
                                    {"\u2015", "-"},
                                    {"\u2212", "-"},
                                    {"\u2500", "-"},
                                    {"\u30FB", " "},
                                    {"\uFF65", " "}});
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
  PSM_ASSIGN_OR_RETURN(std::string kana, ToZenginKana(WithBanksSigns(name)));
  absl::RemoveExtraAsciiWhitespace(&kana);
  if (kana.empty()) return absl::InvalidArgumentError("the name is empty");
  if (CountCharacters(kana) > kMaxCharacters)
    return absl::InvalidArgumentError("the name is too long");
  return kana;
}

bool IsSameHolder(absl::string_view person, absl::string_view holder) {
  absl::StatusOr<std::string> own = BankKana(person);
  absl::StatusOr<std::string> banks = BankKana(holder);
  if (!own.ok() || !banks.ok()) return false;
  const bool full = CountCharacters(*banks) == kHolderBytes;
  const std::string name = WithoutSpaces(*std::move(own));
  const std::string as_banks_write = WithoutSpaces(*std::move(banks));
  return name == as_banks_write ||
         (full && absl::StartsWith(name, as_banks_write));
}

}  // namespace psm
