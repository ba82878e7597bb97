// Ed25519 keys (RFC 8032): made, read, written, used. Knows neither notes nor
// names.
#ifndef PSM_MESH_CRYPTO_ED25519_KEY_H_
#define PSM_MESH_CRYPTO_ED25519_KEY_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"

typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_pkey_st EVP_PKEY;

namespace psm {

inline constexpr std::size_t kEd25519PublicKeySize = 32;  // bytes
inline constexpr std::size_t kEd25519SignatureSize = 64;  // bytes

// A public key. Immutable, thread-safe.
class Ed25519PublicKey {
 public:
  // The encoding of RFC 8032, 5.1.5. INVALID_ARGUMENT unless it is 32 bytes;
  // 32 bytes that encode no point make a key that verifies nothing.
  static absl::StatusOr<std::shared_ptr<const Ed25519PublicKey>> FromRaw(
      absl::string_view raw);
  ~Ed25519PublicKey();
  Ed25519PublicKey(const Ed25519PublicKey&) = delete;
  Ed25519PublicKey& operator=(const Ed25519PublicKey&) = delete;

  const std::string& raw() const { return raw_; }  // 32 bytes
  // False for any other message, key or spelling of the signature: one whose
  // second half is not below the order of the group is refused (5.1.7). About
  // 100 us.
  bool Verify(absl::string_view message, absl::string_view signature) const;

 private:
  Ed25519PublicKey(EVP_PKEY* key, absl::string_view raw)
      : key_(key), raw_(raw.data(), raw.size()) {}
  EVP_PKEY* const key_;  // owned
  const std::string raw_;
};

// A private key. Immutable, thread-safe.
class Ed25519Key {
 public:
  static absl::StatusOr<std::unique_ptr<Ed25519Key>> Generate();
  // PKCS#8 PEM (RFC 8410), as SigningKey::FromPem. INVALID_ARGUMENT where it
  // does not open or is a key of another kind.
  static absl::StatusOr<std::unique_ptr<Ed25519Key>> FromPem(
      absl::string_view pem, const SecretBytes& passphrase);
  // The 32 bytes of RFC 8032, 5.1.5. INVALID_ARGUMENT for another number.
  static absl::StatusOr<std::unique_ptr<Ed25519Key>> FromRaw(
      const SecretBytes& raw);
  ~Ed25519Key();
  Ed25519Key(const Ed25519Key&) = delete;
  Ed25519Key& operator=(const Ed25519Key&) = delete;

  // PKCS#8 PEM, encrypted as SigningKey::ToPem where a passphrase is given.
  SecretBytes ToPem(const SecretBytes& passphrase) const;
  const std::shared_ptr<const Ed25519PublicKey>& Public() const {
    return public_;
  }
  // 64 bytes; always the same for one message. About 60 us.
  std::string Sign(absl::string_view message) const;

 private:
  explicit Ed25519Key(EVP_PKEY* key);
  EVP_PKEY* const key_;  // owned
  // Initialised with the key and then only copied: looking the algorithm up
  // takes half as long as signing. Owned.
  EVP_MD_CTX* ready_ = nullptr;
  std::shared_ptr<const Ed25519PublicKey> public_;
};

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_ED25519_KEY_H_
