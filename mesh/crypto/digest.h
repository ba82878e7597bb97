// SHA-256, HMAC and HKDF over OpenSSL; CRC32C; random bytes.
#ifndef PSM_MESH_CRYPTO_DIGEST_H_
#define PSM_MESH_CRYPTO_DIGEST_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"

namespace psm {

std::string Sha256(absl::string_view bytes);  // 32 bytes
// The same into 32 bytes of the caller's.
void Sha256To(absl::string_view bytes, char* digest);
std::string HmacSha256(const SecretBytes& key,
                       absl::string_view bytes);  // 32 bytes
SecretBytes HkdfSha256(const SecretBytes& key, absl::string_view info,
                       std::size_t size);       // RFC 5869, no salt
std::uint32_t Crc32c(absl::string_view bytes);  // Castagnoli, RFC 3720, B.4

// Randomness as a parameter. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::string Bytes(std::size_t size) = 0;
};

// The operating system's generator, through OpenSSL.
Random& SystemRandom();

// A random UUID in its text form (RFC 4122, version 4).
std::string NewUuid(Random& random);
// The UUID of a name (RFC 9562, version 8): the same for the same name, and
// another for any other, by SHA-256. Begin names with what they are for.
std::string NamedUuid(absl::string_view name);
// Whether a text is a UUID in lower-case text form.
bool IsUuid(absl::string_view text);

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_DIGEST_H_
