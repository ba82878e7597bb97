#include "services/addresses/address_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mesh/base/error.h"
#include "services/addresses/address_numbers.h"
#include "services/addresses/address_text.h"
#include "services/addresses/prefectures.h"

namespace psm::addresses {
namespace {

using v1::NormalizeAddressResponse;
using Unit = AddressNumber::Unit;

constexpr std::size_t kMaxAddress = 600;  // bytes

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// Whether a name stands at the beginning: not 鶴沼第1 of 鶴沼第12.
bool Begins(absl::string_view rest, absl::string_view key) {
  return !key.empty() && absl::StartsWith(rest, key) &&
         !(IsDigit(key.back()) && rest.size() > key.size() &&
           IsDigit(rest[key.size()]));
}

// The reading of one address, from its front to its end.
class Reading {
 public:
  Reading(const Gazetteer& places, absl::string_view written, AddressText text)
      : places_(places), written_(written), text_(std::move(text)) {}

  NormalizeAddressResponse Read() {
    out_.set_level(NormalizeAddressResponse::NOTHING);
    SkipPostalCode();
    const bool named = TakePrefecture();
    if (TakeMunicipality(named) && TakeTown()) TakeNumbers();
    SetRest();
    return std::move(out_);
  }

 private:
  absl::string_view Rest() const {
    return absl::string_view(text_.key).substr(at_);
  }

  // 〒990-0001, or the seven digits alone.
  void SkipPostalCode() {
    absl::string_view rest = Rest();
    const bool marked = absl::ConsumePrefix(&rest, "〒");
    std::size_t size = 0, digits = 0;
    while (size < rest.size() &&
           (IsDigit(rest[size]) || (rest[size] == '-' && digits == 3))) {
      digits += IsDigit(rest[size]) ? 1 : 0;
      ++size;
    }
    if (marked || digits == 7) at_ = text_.key.size() - rest.size() + size;
  }

  bool TakePrefecture() {
    for (const Gazetteer::Prefecture& prefecture : places_.prefectures()) {
      if (!Begins(Rest(), prefecture.key)) continue;
      SetPrefecture(prefecture);
      at_ += prefecture.key.size();
      return true;
    }
    return false;
  }

  void SetPrefecture(const Gazetteer::Prefecture& prefecture) {
    prefecture_ = &prefecture;
    *out_.mutable_prefecture() = prefecture.place;
    out_.set_coverage(prefecture.place.coverage());
    out_.set_level(NormalizeAddressResponse::PREFECTURE);
    out_.set_normalized(prefecture.place.name());
  }

  struct Match {
    const Gazetteer::Prefecture* prefecture;
    const Gazetteer::Municipality* municipality;
    std::size_t size;
  };

  // Those whose name stands here; only the longest names.
  std::vector<Match> Matches(bool named) const {
    std::vector<Match> matches;
    for (const Gazetteer::Prefecture& prefecture : places_.prefectures()) {
      if (named && &prefecture != prefecture_) continue;
      for (const auto& municipality : prefecture.municipalities) {
        for (const std::string& key : municipality.keys) {
          if (!Begins(Rest(), key)) continue;
          if (!matches.empty() && key.size() < matches[0].size) continue;
          if (!matches.empty() && key.size() > matches[0].size) matches.clear();
          matches.push_back({&prefecture, &municipality, key.size()});
        }
      }
    }
    return matches;
  }

  // Where several municipalities have the name, the town may tell them apart.
  std::vector<Match> WithTown(std::vector<Match> matches) const {
    std::vector<Match> with;
    for (const Match& match : matches) {
      if (FindTown(*match.municipality, at_ + match.size).second > 0)
        with.push_back(match);
    }
    return with.size() == 1 ? with : matches;
  }

  bool TakeMunicipality(bool named) {
    std::vector<Match> matches = Matches(named);
    if (matches.size() > 1) matches = WithTown(std::move(matches));
    if (matches.size() > 1) {
      for (const Match& match : matches)
        *out_.add_candidates() = match.municipality->place;
    }
    if (matches.size() != 1) return false;
    if (!named) SetPrefecture(*matches[0].prefecture);
    municipality_ = matches[0].municipality;
    *out_.mutable_municipality() = municipality_->place;
    out_.set_level(NormalizeAddressResponse::MUNICIPALITY);
    out_.set_coverage(municipality_->place.coverage());
    absl::StrAppend(out_.mutable_normalized(), municipality_->place.name());
    at_ += matches[0].size;
    return true;
  }

  // The town whose name stands at `at`, the longest, and where it ends; 0:
  // none.
  std::pair<Gazetteer::Town, std::size_t> FindTown(
      const Gazetteer::Municipality& municipality, std::size_t at) const {
    absl::string_view rest = absl::string_view(text_.key).substr(at);
    SkipAza(rest);
    Gazetteer::Town best;
    for (const Gazetteer::Town& town : places_.TownsOf(municipality)) {
      if (town.key.size() > best.key.size() && Begins(rest, town.key))
        best = town;
    }
    if (best.key.empty()) return {best, 0};
    return {best, text_.key.size() - rest.size() + best.key.size()};
  }

  bool TakeTown() {
    const auto [town, end] = FindTown(*municipality_, at_);
    if (end == 0) return false;
    v1::Town& out = *out_.mutable_town();
    out.set_lg_code(municipality_->place.lg_code());
    out.set_name(std::string(town.name));
    out.set_kana(std::string(town.kana));
    if (town.number > 0)
      out.set_machiaza_id(absl::StrFormat("%04d000", town.number));
    for (const absl::string_view code :
         absl::StrSplit(town.postal_codes, ',', absl::SkipEmpty()))
      out.add_postal_codes(std::string(code));
    number_of_town_ = town.number;
    out_.set_level(NormalizeAddressResponse::TOWN);
    absl::StrAppend(out_.mutable_normalized(), town.name);
    at_ = end;
    return true;
  }

  void TakeNumbers() {
    if (number_of_town_ > 0) {
      TakeKnownNumbers(ReadAddressNumbers(text_, at_, 3));
    } else {
      TakeUnknownNumbers(ReadAddressNumbers(text_, at_, 4));
    }
  }

  // Chome, block, residence, as far as they exist and are said in this order.
  void TakeKnownNumbers(const std::vector<AddressNumber>& numbers) {
    const auto is = [&](std::size_t i, int most, Unit said) {
      return i < numbers.size() && numbers[i].value >= 1 &&
             numbers[i].value <= most &&
             (numbers[i].unit == said || numbers[i].unit == Unit::kHyphen ||
              numbers[i].unit == Unit::kNone);
    };
    const auto take = [&](std::size_t i, absl::string_view unit,
                          NormalizeAddressResponse::Level level) {
      at_ = numbers[i].end;
      out_.set_level(level);
      absl::StrAppend(out_.mutable_normalized(), numbers[i].value, unit);
    };
    if (!is(0, kChomes, Unit::kChome)) return;
    take(0, "丁目", NormalizeAddressResponse::CHOME);
    out_.mutable_town()->set_chome(numbers[0].value);
    out_.mutable_town()->set_machiaza_id(
        absl::StrFormat("%04d%03d", number_of_town_, numbers[0].value));
    if (!is(1, kBlocks, Unit::kBanchi)) return;
    take(1, "番", NormalizeAddressResponse::BLOCK);
    out_.set_blk_id(absl::StrFormat("%03d", numbers[1].value));
    if (!is(2, kResidences, Unit::kGo)) return;
    take(2, "号", NormalizeAddressResponse::RESIDENCE);
    out_.set_rsdt_id(absl::StrFormat("%03d", numbers[2].value));
  }

  void TakeUnknownNumbers(const std::vector<AddressNumber>& numbers) {
    for (const AddressNumber& number : numbers) {
      at_ = number.end;
      absl::StrAppend(out_.mutable_numbers(), out_.numbers().empty() ? "" : "-",
                      number.value);
    }
    absl::StrAppend(out_.mutable_normalized(), out_.numbers());
  }

  // As it was written, without what joined it to the part before.
  void SetRest() {
    while (at_ < text_.key.size() &&
           (text_.key[at_] == '-' || text_.key[at_] == ','))
      ++at_;
    absl::string_view rest = written_.substr(text_.origin[at_]);
    while (absl::ConsumeSuffix(&rest, "　") ||
           absl::ConsumeSuffix(&rest, " ")) {
    }
    out_.set_rest(std::string(rest));
  }

  const Gazetteer& places_;
  const absl::string_view written_;
  const AddressText text_;
  std::size_t at_ = 0;  // in the key: what stands before it is understood
  const Gazetteer::Prefecture* prefecture_ = nullptr;
  const Gazetteer::Municipality* municipality_ = nullptr;
  int number_of_town_ = 0;
  NormalizeAddressResponse out_;
};

}  // namespace

absl::StatusOr<NormalizeAddressResponse> ReadAddress(
    const Gazetteer& places, absl::string_view written) {
  std::optional<AddressText> text;
  if (written.size() <= kMaxAddress) text = ReadAddressText(written);
  if (!text.has_value() || text->key.empty())
    return MakeError(absl::StatusCode::kInvalidArgument, "ADDRESS_MALFORMED",
                     Party::kProvider,
                     "give an address in one line of at most 600 bytes");
  return Reading(places, written, *std::move(text)).Read();
}

}  // namespace psm::addresses
