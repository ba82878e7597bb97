// Reads and writes the scalars of protobuf's wire format
// (protobuf.dev/programming-guides/encoding). Readers give the place behind
// what they read, or null where it is not there.
#ifndef PSM_MESH_CONTRACTS_WIRE_H_
#define PSM_MESH_CONTRACTS_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace psm::wire {

enum Type : std::uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kFixed32 = 5,
  // 3 and 4 are groups, which no message of ours has; 6 and 7 do not exist.
};

// A varint of at most 64 bits and 10 bytes. A longer or larger one is refused:
// parsers differ in what they make of it.
inline const char* ReadVarint(const char* p, const char* end,
                              std::uint64_t* value) {
  if (p < end && static_cast<signed char>(*p) >= 0) {
    *value = static_cast<unsigned char>(*p);
    return p + 1;
  }
  std::uint64_t result = 0;
  for (int shift = 0; shift < 64 && p < end; shift += 7) {
    const std::uint64_t byte = static_cast<unsigned char>(*p++);
    if (shift == 63 && byte > 1) return nullptr;
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return p;
    }
  }
  return nullptr;
}

// A varint of at most 32 bits and 5 bytes: a tag or a length.
inline const char* ReadVarint32(const char* p, const char* end,
                                std::uint32_t* value) {
  const char* start = p;
  std::uint64_t wide;
  p = ReadVarint(p, end, &wide);
  if (p == nullptr || p - start > 5 || wide > 0xffffffffu) return nullptr;
  *value = static_cast<std::uint32_t>(wide);
  return p;
}

// Whether the varint in [start, end) has more bytes than it needs.
inline bool IsPadded(const char* start, const char* end) {
  return end[-1] == 0 && end - start > 1;
}

inline constexpr int kMaxVarintSize = 10;

// Writes a varint in as few bytes as can be; gives the place behind it.
inline char* WriteVarint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

// The bytes that WriteVarint writes.
inline std::size_t VarintSize(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

inline void AppendVarint(std::uint64_t value, std::string* out) {
  char bytes[kMaxVarintSize];
  char* end = WriteVarint(bytes, value);
  out->append(bytes, static_cast<std::size_t>(end - bytes));
}

}  // namespace psm::wire

#endif  // PSM_MESH_CONTRACTS_WIRE_H_
