// Numbers in files: little-endian, whatever the machine.
#ifndef PSM_MESH_RECORDS_LITTLE_ENDIAN_H_
#define PSM_MESH_RECORDS_LITTLE_ENDIAN_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// The same number, its bytes in the order of files.
template <typename T>
T InFileOrder(T value) {
  if constexpr (std::endian::native != std::endian::little) {
    char* bytes = reinterpret_cast<char*>(&value);
    std::reverse(bytes, bytes + sizeof(T));
  }
  return value;
}

// Appends an unsigned number to `out`.
template <typename T>
void Put(T value, std::string& out) {
  value = InFileOrder(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// The number at `offset`, of which all bytes must be there.
template <typename T>
T Get(absl::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return InFileOrder(value);
}

}  // namespace psm

#endif  // PSM_MESH_RECORDS_LITTLE_ENDIAN_H_
