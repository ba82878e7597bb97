// AES-128 on whole blocks (FIPS 197), as a pseudorandom function: derives many
// short values from one secret.
#ifndef PSM_MESH_CRYPTO_BLOCK_CIPHER_H_
#define PSM_MESH_CRYPTO_BLOCK_CIPHER_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace psm {

// Encrypts each 16-byte block of `blocks` in place under `key`, 16 bytes. The
// caller sees to it that no block occurs twice: equal blocks become equal ones.
// Ends the process for other sizes.
void EncryptBlocks(absl::string_view key, absl::Span<char> blocks);

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_BLOCK_CIPHER_H_
