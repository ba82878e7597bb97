// Numbers in files: little-endian, whatever the machine.
#ifndef PSM_MESH_RECORDS_LITTLE_ENDIAN_H_
#define PSM_MESH_RECORDS_LITTLE_ENDIAN_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// Appends an unsigned number to `out`.
template <typename T>
void Put(T value, std::string& out) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  }
}

// The number at `offset`, of which all bytes must be there.
template <typename T>
T Get(absl::string_view bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = sizeof(T); i > 0; --i) {
    value = static_cast<T>(value << 8) |
            static_cast<unsigned char>(bytes[offset + i - 1]);
  }
  return value;
}

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LITTLE_ENDIAN_H_
