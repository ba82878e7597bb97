#include "services/residents/notice_rules.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

using residents::v1::Member;

constexpr char32_t kIdeographicSpace = 0x3000;

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return agency::Refusal(absl::StatusCode::kInvalidArgument, reason, message);
}

// The characters of a text; nullopt where it is not UTF-8 (RFC 3629), longer
// than `most` characters, or has a control character.
std::optional<std::u32string> Characters(absl::string_view text,
                                         std::size_t most) {
  std::u32string characters;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80    ? 1
                               : byte < 0xc2  ? 0
                               : byte < 0xe0  ? 2
                               : byte < 0xf0  ? 3
                               : byte <= 0xf4 ? 4
                                              : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    char32_t c = length == 1 ? byte : byte & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80) return std::nullopt;
      c = (c << 6) | (next & 0x3fU);
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return std::nullopt;
    characters.push_back(c);
    i += length;
    if (characters.size() > most) return std::nullopt;
  }
  return characters;
}

// Two parts that `allowed` allows each character of.
template <typename Allowed>
bool AreTwoNames(absl::string_view text, Allowed allowed) {
  const std::optional<std::u32string> characters = Characters(text, 100);
  if (!characters.has_value()) return false;
  std::size_t spaces = 0;
  for (const char32_t c : *characters) {
    if (c == kIdeographicSpace) {
      ++spaces;
    } else if (!allowed(c)) {
      return false;
    }
  }
  return spaces == 1 && characters->front() != kIdeographicSpace &&
         characters->back() != kIdeographicSpace;
}

}  // namespace

absl::CivilDay TaxDayOf(absl::CivilDay day) {
  return absl::CivilDay(day.month() < 4 ? day.year() - 1 : day.year(), 1, 1);
}

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text,
                                        absl::string_view reason) {
  absl::CivilDay day;
  if (text.size() == 10 && absl::ParseCivilTime(text, &day) &&
      absl::FormatCivilTime(day) == std::string(text))
    return day;
  return Invalid(reason, "give a day as YYYY-MM-DD");
}

absl::StatusOr<absl::CivilDay> ParsePastDay(absl::string_view text,
                                            absl::CivilDay today) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParseDay(text, "DATE_INVALID"));
  if (day <= today && today - day <= kOldestNoticeDays) return day;
  return Invalid("DATE_INVALID", "the day is still to come, or too long ago");
}

absl::StatusOr<absl::CivilDay> ParseMoveDay(absl::string_view text,
                                            absl::CivilDay today) {
  PSM_ASSIGN_OR_RETURN(const absl::CivilDay day,
                       ParseDay(text, "DATE_INVALID"));
  if (day - today <= kDaysBeforeMoving && today - day <= kDaysAfterMoving)
    return day;
  return Invalid("OUTSIDE_THE_WINDOW",
                 "notice is too early or too late for that day of moving");
}

absl::Status CheckName(absl::string_view name) {
  if (AreTwoNames(name, [](char32_t c) { return c != ' ' && c != 0xa0; }))
    return absl::OkStatus();
  return Invalid("NAME_INVALID", "give family and given name");
}

absl::Status CheckKana(absl::string_view kana) {
  if (AreTwoNames(kana, [](char32_t c) {
        return (c >= 0x30a1 && c <= 0x30fa) || c == 0x30fc;
      }))
    return absl::OkStatus();
  return Invalid("KANA_INVALID", "give both names in full-width katakana");
}

absl::Status CheckAddress(absl::string_view address) {
  const std::optional<std::u32string> characters = Characters(address, 200);
  if (characters.has_value() &&
      characters->find_first_not_of(U" \u3000") != std::u32string::npos)
    return absl::OkStatus();
  return Invalid("ADDRESS_INVALID", "give the address in one line");
}

absl::Status CheckSex(int sex) {
  if (sex == 0 || sex == 1 || sex == 2 || sex == 9) return absl::OkStatus();
  return Invalid("SEX_INVALID", "give sex as ISO/IEC 5218 says");
}

Member::Relation RelationUnder(Member::Relation new_head,
                               Member::Relation member) {
  switch (new_head) {
    case Member::HEAD:
      return member;
    case Member::SPOUSE:
      if (member == Member::HEAD) return Member::SPOUSE;
      return member == Member::CHILD ? Member::CHILD : Member::OTHER;
    case Member::CHILD:
      return member == Member::HEAD || member == Member::SPOUSE ? Member::PARENT
                                                                : Member::OTHER;
    case Member::PARENT:
      if (member == Member::HEAD) return Member::CHILD;
      return member == Member::PARENT ? Member::SPOUSE : Member::OTHER;
    default:
      return Member::OTHER;
  }
}

}  // namespace psm
