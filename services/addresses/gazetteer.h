// The places that the registry knows, and what their names look like in a
// written address. Knows no gRPC and no file.
#ifndef PSM_SERVICES_ADDRESSES_GAZETTEER_H_
#define PSM_SERVICES_ADDRESSES_GAZETTEER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "psm/addresses/v1/addresses.pb.h"

namespace psm::addresses {

// The list of real places, as services/addresses/place_list.h makes it: lines
// of fields separated by tabs. `#`, what it is and its version. `M`, lg_code,
// name, kana. `T`, postal codes separated by commas, name, key: a town of the
// last M. Municipalities by lg_code, towns by postal code.
//
// Immutable, so thread-safe.
class Gazetteer {
 public:
  struct Municipality {
    v1::Municipality place;
    // The whole name, and for towns and villages that without the county.
    std::vector<std::string> keys;
    std::size_t first_town = 0;  // in towns_, or a line in text_ for real ones
    std::size_t town_count = 0;
  };
  struct Prefecture {
    v1::Prefecture place;
    std::string key;
    std::vector<Municipality> municipalities;
  };
  // Points into the gazetteer.
  struct Town {
    absl::string_view name;
    absl::string_view kana;
    absl::string_view key;
    absl::string_view postal_codes;  // separated by commas
    int number = 0;  // of the machiaza_id; 0: the data end at its name
  };

  // All prefectures, the fictitious one with its towns; and the real places of
  // `list`, where it is not empty. INVALID_ARGUMENT, naming the line, for a
  // list that is not as above.
  static absl::StatusOr<std::unique_ptr<Gazetteer>> Create(std::string list);

  // By lg_code.
  const std::vector<Prefecture>& prefectures() const { return prefectures_; }

  // Nullptr where there is none.
  const Prefecture* FindPrefecture(absl::string_view lg_code) const;
  const Municipality* FindMunicipality(absl::string_view lg_code) const;

  // In the order of ListTowns.
  std::vector<Town> TownsOf(const Municipality& municipality) const;

  // What the list says of itself, or that there is none.
  const std::string& source() const { return source_; }

 private:
  Gazetteer() = default;
  void AddPrefectures();
  absl::Status AddList();
  absl::Status AddMunicipality(const std::vector<absl::string_view>& fields);

  std::string text_;
  std::vector<absl::string_view> town_lines_;  // into text_
  std::vector<std::string> fictitious_keys_;
  std::vector<Prefecture> prefectures_;
  std::string source_;
};

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_GAZETTEER_H_
