#include "services/addresses/address_numbers.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace psm::addresses {
namespace {

using Unit = AddressNumber::Unit;

constexpr std::size_t kMaxDigits = 5;

struct UnitWord {
  const char* word;
  Unit unit;
};
// The longer before what it begins with.
constexpr UnitWord kUnits[] = {
    {"丁目", Unit::kChome},  {"丁", Unit::kChome},    {"番地ノ", Unit::kBanchi},
    {"番地", Unit::kBanchi}, {"番ノ", Unit::kBanchi}, {"番", Unit::kBanchi},
    {"号", Unit::kGo},
};
// After a number: it counts rooms, floors or houses.
constexpr const char* kBuildingWords[] = {"号室", "号棟", "号館", "階",
                                          "棟",   "室",   "館",   "f"};

bool IsDigitAt(absl::string_view key, std::size_t i) {
  return i < key.size() &&
         absl::ascii_isdigit(static_cast<unsigned char>(key[i]));
}

std::optional<AddressNumber> ReadOne(const AddressText& text, std::size_t at) {
  const absl::string_view key = text.key;
  AddressNumber number;
  number.begin = at;
  std::size_t end = at;
  while (IsDigitAt(key, end) && (end == at || !text.gap[end])) {
    if (end - at == kMaxDigits) return std::nullopt;
    number.value = number.value * 10 + (key[end] - '0');
    ++end;
  }
  if (end == at) return std::nullopt;
  const absl::string_view after = key.substr(end);
  for (const char* const word : kBuildingWords) {
    if (absl::StartsWith(after, word)) return std::nullopt;
  }
  number.end = end;
  if (text.gap[end]) return number;  // what follows is something else
  for (const UnitWord& unit : kUnits) {
    if (!absl::StartsWith(after, unit.word)) continue;
    number.unit = unit.unit;
    number.end = end + absl::string_view(unit.word).size();
    // 2丁目-3, 3番-4: the hyphen says nothing.
    if (unit.unit != Unit::kGo && number.end < key.size() &&
        key[number.end] == '-' && IsDigitAt(key, number.end + 1))
      ++number.end;
    return number;
  }
  for (const absl::string_view joint : {"-", "ノ"}) {
    if (absl::StartsWith(after, joint) && IsDigitAt(key, end + joint.size())) {
      number.unit = Unit::kHyphen;
      number.end = end + joint.size();
    }
  }
  return number;
}

}  // namespace

std::vector<AddressNumber> ReadAddressNumbers(const AddressText& text,
                                              std::size_t at,
                                              std::size_t most) {
  std::vector<AddressNumber> numbers;
  while (numbers.size() < most) {
    const std::optional<AddressNumber> number = ReadOne(text, at);
    if (!number.has_value()) break;
    numbers.push_back(*number);
    at = number->end;
    if (number->unit == Unit::kNone || number->unit == Unit::kGo) break;
  }
  return numbers;
}

}  // namespace psm::addresses
