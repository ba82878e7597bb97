// Argon2id (RFC 9106) over libargon2, which is named in this file's .cc alone.
// Knows no passwords.
#ifndef PSM_SERVICES_GBIZID_ARGON2ID_H_
#define PSM_SERVICES_GBIZID_ARGON2ID_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace psm::gbizid {

// What one computation costs. The defaults are the second recommended option of
// RFC 9106, section 4.
struct Argon2Cost {
  std::uint32_t memory_kib = 64 * 1024;  // at least 8 a lane
  std::uint32_t passes = 3;              // at least 1
  std::uint32_t lanes = 4;               // at least 1; computed one by one

  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

// What goes in. Everything is read in place.
struct Argon2Input {
  absl::string_view password;
  absl::string_view salt;    // at least 8 bytes
  absl::string_view secret;  // the key that the database does not hold
  absl::string_view associated = "";
};

// The tag, `size` bytes (at least 4). Takes `cost.memory_kib` of memory and
// about a tenth of a second at the default cost; wipes that memory. Ends the
// process where the memory cannot be had or a parameter is out of range: both
// are the program's own. Thread-safe.
std::string Argon2id(const Argon2Cost& cost, const Argon2Input& input,
                     std::size_t size);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ARGON2ID_H_
