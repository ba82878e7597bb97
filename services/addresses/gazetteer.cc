#include "services/addresses/gazetteer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "mesh/base/status_macros.h"
#include "services/addresses/address_text.h"
#include "services/addresses/prefectures.h"
#include "services/codes/municipality_code.h"

namespace psm::addresses {
namespace {

constexpr char kNoList[] =
    "none: this build has no list of real places, only the names of "
    "prefectures and the fictitious prefecture";

Gazetteer::Prefecture MakePrefecture(absl::string_view digits,
                                     const NameRow& row,
                                     v1::Coverage coverage) {
  Gazetteer::Prefecture prefecture;
  prefecture.place.set_lg_code(
      WithMunicipalityCheckDigit(absl::StrCat(digits, "000")));
  prefecture.place.set_name(row.name);
  prefecture.place.set_kana(row.kana);
  prefecture.place.set_coverage(coverage);
  prefecture.key = PlaceKey(row.name);
  return prefecture;
}

// A county (郡) is left out as often as not; so is the island that the post
// office puts before two villages of Tokyo. Cities keep theirs: 大和郡山市.
std::string WithoutCounty(absl::string_view name) {
  if (!absl::EndsWith(name, "町") && !absl::EndsWith(name, "村")) return "";
  for (const absl::string_view mark : {"郡", "島"}) {
    const std::size_t at = name.find(mark, 1);
    if (at != absl::string_view::npos && at + 2 * mark.size() < name.size())
      return std::string(name.substr(at + mark.size()));
  }
  return "";
}

void SetKeys(Gazetteer::Municipality& municipality) {
  const std::string& name = municipality.place.name();
  municipality.keys.push_back(PlaceKey(name));
  const std::string bare = WithoutCounty(name);
  if (!bare.empty()) municipality.keys.push_back(PlaceKey(bare));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Gazetteer>> Gazetteer::Create(std::string list) {
  std::unique_ptr<Gazetteer> gazetteer(new Gazetteer());
  gazetteer->text_ = std::move(list);
  gazetteer->source_ = kNoList;
  gazetteer->AddPrefectures();
  PSM_RETURN_IF_ERROR(gazetteer->AddList());
  return gazetteer;
}

void Gazetteer::AddPrefectures() {
  const v1::Coverage coverage = text_.empty() ? v1::PREFECTURES : v1::TOWNS;
  int number = 0;
  for (const NameRow& row : RealPrefectures())
    prefectures_.push_back(
        MakePrefecture(absl::StrFormat("%02d", ++number), row, coverage));
  prefectures_.push_back(
      MakePrefecture(kFictitiousPrefecture, kFictitiousName, v1::RESIDENCES));
  for (const FictitiousMunicipality& row : FictitiousMunicipalities()) {
    Municipality municipality;
    municipality.place.set_lg_code(WithMunicipalityCheckDigit(row.digits));
    municipality.place.set_name(row.name.name);
    municipality.place.set_kana(row.name.kana);
    municipality.place.set_coverage(v1::RESIDENCES);
    SetKeys(municipality);
    municipality.first_town = fictitious_keys_.size();
    municipality.town_count = row.towns.size();
    for (const NameRow& town : row.towns)
      fictitious_keys_.push_back(PlaceKey(town.name));
    prefectures_.back().municipalities.push_back(std::move(municipality));
  }
}

absl::Status Gazetteer::AddMunicipality(
    const std::vector<absl::string_view>& fields) {
  int prefecture = 0;
  if (fields.size() != 4 || !IsMunicipalityCode(fields[1]) ||
      !absl::SimpleAtoi(fields[1].substr(0, 2), &prefecture) ||
      prefecture < 1 || prefecture > static_cast<int>(RealPrefectures().size()))
    return absl::InvalidArgumentError("not a municipality");
  Municipality municipality;
  municipality.place.set_lg_code(std::string(fields[1]));
  municipality.place.set_name(std::string(fields[2]));
  municipality.place.set_kana(std::string(fields[3]));
  municipality.place.set_coverage(v1::TOWNS);
  SetKeys(municipality);
  municipality.first_town = town_lines_.size();
  auto& others =
      prefectures_[static_cast<std::size_t>(prefecture) - 1].municipalities;
  if (!others.empty() && others.back().place.lg_code() >= fields[1])
    return absl::InvalidArgumentError("municipalities are out of order");
  others.push_back(std::move(municipality));
  return absl::OkStatus();
}

absl::Status Gazetteer::AddList() {
  Prefecture* last = nullptr;
  int number = 0;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(text_), '\n', absl::SkipEmpty())) {
    ++number;
    absl::Status status;
    if (absl::StartsWith(line, "T\t")) {
      if (last == nullptr || std::count(line.begin(), line.end(), '\t') != 3) {
        status = absl::InvalidArgumentError("not a town");
      } else {
        town_lines_.push_back(line);
        ++last->municipalities.back().town_count;
      }
    } else if (absl::StartsWith(line, "M\t")) {
      const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
      status = AddMunicipality(fields);
      int prefecture = 0;
      if (status.ok() && absl::SimpleAtoi(fields[1].substr(0, 2), &prefecture))
        last = &prefectures_[static_cast<std::size_t>(prefecture) - 1];
    } else if (absl::StartsWith(line, "#\t")) {
      source_ = std::string(line.substr(2));
    } else {
      status = absl::InvalidArgumentError("neither #, M nor T");
    }
    if (!status.ok())
      return absl::InvalidArgumentError(absl::StrCat(
          "list of places, line ", number, ": ", status.message()));
  }
  return absl::OkStatus();
}

const Gazetteer::Prefecture* Gazetteer::FindPrefecture(
    absl::string_view lg_code) const {
  for (const Prefecture& prefecture : prefectures_) {
    if (prefecture.place.lg_code() == lg_code) return &prefecture;
  }
  return nullptr;
}

const Gazetteer::Municipality* Gazetteer::FindMunicipality(
    absl::string_view lg_code) const {
  for (const Prefecture& prefecture : prefectures_) {
    for (const Municipality& municipality : prefecture.municipalities) {
      if (municipality.place.lg_code() == lg_code) return &municipality;
    }
  }
  return nullptr;
}

std::vector<Gazetteer::Town> Gazetteer::TownsOf(
    const Municipality& municipality) const {
  std::vector<Town> towns;
  for (std::size_t i = 0; i < municipality.town_count; ++i) {
    const std::size_t at = municipality.first_town + i;
    Town town;
    if (municipality.place.coverage() == v1::RESIDENCES) {
      for (const FictitiousMunicipality& row : FictitiousMunicipalities()) {
        if (!absl::StartsWith(municipality.place.lg_code(), row.digits))
          continue;
        town.name = row.towns[i].name;
        town.kana = row.towns[i].kana;
      }
      town.key = fictitious_keys_[at];
      town.number = static_cast<int>(i) + 1;
    } else {
      const std::vector<absl::string_view> fields =
          absl::StrSplit(town_lines_[at], '\t');
      town.postal_codes = fields[1];
      town.name = fields[2];
      town.key = fields[3];
    }
    towns.push_back(town);
  }
  return towns;
}

}  // namespace psm::addresses
