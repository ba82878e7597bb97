// Sealed texts: nobody without the key can read one, change one, or use it
// elsewhere than where it belongs. AES-256-SIV (RFC 5297), deterministic: the
// same text in the same context seals to the same bytes.
#ifndef PSM_MESH_CRYPTO_SEALER_H_
#define PSM_MESH_CRYPTO_SEALER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"

namespace psm {

// Immutable, thread-safe.
class Sealer {
 public:
  static constexpr std::size_t kKeySize = 64;   // bytes
  static constexpr std::size_t kOverhead = 16;  // bytes; the synthetic IV

  // INVALID_ARGUMENT for a key that is not kKeySize bytes.
  static absl::StatusOr<std::unique_ptr<Sealer>> Create(SecretBytes key);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // `text` sealed for `context`: kOverhead bytes longer. Neither may be empty.
  std::string Seal(absl::string_view context, absl::string_view text) const;
  // The text, or nothing where `sealed` was not made with this key for this
  // context.
  std::optional<std::string> Open(absl::string_view context,
                                  absl::string_view sealed) const;

 private:
  struct Cipher;
  explicit Sealer(std::unique_ptr<const Cipher> cipher);
  const std::unique_ptr<const Cipher> cipher_;
};

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_SEALER_H_
