#include "mesh/crypto/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "mesh/crypto/digest.h"

namespace psm {
namespace crc32c_internal {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, bits reversed
constexpr std::size_t kSlices = 8;

using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

// tables[0] advances the register by one byte, tables[k] by one byte and k zero
// bytes after it ("slicing by eight", Kounavis and Berry, 2005).
constexpr Tables MakeTables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    }
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

std::uint32_t WithTables(absl::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= kSlices; left -= kSlices, p += kSlices) {
    std::array<std::uint8_t, kSlices> block;
    std::memcpy(block.data(), p, kSlices);
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < kSlices; ++i) {
      const std::size_t mixed =
          i < 4 ? block[i] ^ ((crc >> (8 * i)) & 0xff) : block[i];
      next ^= kTables[kSlices - 1 - i][mixed];
    }
    crc = next;
  }
  for (; left > 0; --left, ++p) {
    crc =
        (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*p)) & 0xff];
  }
  return ~crc;
}

#if defined(__x86_64__)

bool HasInstruction() {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}

// Compiled for SSE 4.2 whatever the rest of the program is compiled for.
__attribute__((target("sse4.2"))) std::uint32_t WithInstruction(
    absl::string_view bytes) {
  std::uint64_t crc = 0xffffffff;
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(std::uint64_t); left -= 8, p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    crc = __builtin_ia32_crc32di(crc, word);
  }
  std::uint32_t rest = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++p) {
    rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(*p));
  }
  return ~rest;
}

#else

bool HasInstruction() { return false; }

std::uint32_t WithInstruction(absl::string_view bytes) {
  return WithTables(bytes);
}

#endif

}  // namespace crc32c_internal

std::uint32_t Crc32c(absl::string_view bytes) {
  return crc32c_internal::HasInstruction()
             ? crc32c_internal::WithInstruction(bytes)
             : crc32c_internal::WithTables(bytes);
}

}  // namespace psm
