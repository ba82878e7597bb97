// Base32 in lower case, without padding (RFC 4648, section 6, in small
// letters).
#ifndef PSM_MESH_CRYPTO_BASE32_H_
#define PSM_MESH_CRYPTO_BASE32_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace psm {

// Alphabet a-z2-7; 8 characters for 5 bytes; unused bits are zero.
std::string Base32Encode(absl::string_view bytes);

// The bytes of a text that Base32Encode made. nullopt for any other text:
// upper case, padding, a length that no bytes have, unused bits that are set.
// So each string of bytes has exactly one text.
std::optional<std::string> Base32Decode(absl::string_view text);

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_BASE32_H_
