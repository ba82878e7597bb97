// The two ways of computing CRC32C. Users call Crc32c() in digest.h, which
// takes the faster one that this processor has.
#ifndef PSM_MESH_CRYPTO_CRC32C_H_
#define PSM_MESH_CRYPTO_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace psm::crc32c_internal {

// With tables, eight bytes a step; for processors without the instruction.
std::uint32_t WithTables(absl::string_view bytes);

// Whether this processor has the CRC32 instruction of SSE 4.2.
bool HasInstruction();

// With the instruction. Only where HasInstruction().
std::uint32_t WithInstruction(absl::string_view bytes);

}  // namespace psm::crc32c_internal

#endif  // PSM_MESH_CRYPTO_CRC32C_H_
