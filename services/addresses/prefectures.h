// The prefectures, and the places of the one that does not exist. Tables.
#ifndef PSM_SERVICES_ADDRESSES_PREFECTURES_H_
#define PSM_SERVICES_ADDRESSES_PREFECTURES_H_

#include "absl/types/span.h"

namespace psm::addresses {

// A name and how it is read, in full-width katakana.
struct NameRow {
  const char* name;
  const char* kana;
};

// The 47 of JIS X 0401 in the order of their codes: the first is 01.
absl::Span<const NameRow> RealPrefectures();

// Prefecture 99 (架空県). Codes run from 01 to 47, so nothing real has it.
inline constexpr char kFictitiousPrefecture[] = "99";
inline constexpr NameRow kFictitiousName = {"架空県", "カクウケン"};

// One of its municipalities. Each of its towns has chome 1 to kChomes, each of
// these blocks 1 to kBlocks, each of these residences 1 to kResidences; the
// n-th town has the machiaza_id n, in four digits, and the chome in three.
struct FictitiousMunicipality {
  const char* digits;  // the code without check digit
  NameRow name;
  absl::Span<const NameRow> towns;
};
inline constexpr int kChomes = 5;
inline constexpr int kBlocks = 30;
inline constexpr int kResidences = 20;

absl::Span<const FictitiousMunicipality> FictitiousMunicipalities();

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_PREFECTURES_H_
