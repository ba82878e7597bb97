// ECDSA P-256 keys: made, read, written, used. Knows no certificates.
#ifndef PSM_MESH_CRYPTO_SIGNING_KEY_H_
#define PSM_MESH_CRYPTO_SIGNING_KEY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/secret.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace psm {

// A public P-256 key. Immutable, thread-safe.
class VerifyingKey {
 public:
  // SubjectPublicKeyInfo, DER. INVALID_ARGUMENT for anything that is not a
  // P-256 key: bytes after it, another curve, or the curve spelt out as
  // parameters instead of named (RFC 5480, 2.1.1).
  static absl::StatusOr<std::shared_ptr<const VerifyingKey>> FromDer(
      absl::string_view der);
  ~VerifyingKey();
  VerifyingKey(const VerifyingKey&) = delete;
  VerifyingKey& operator=(const VerifyingKey&) = delete;

  std::string ToDer() const;
  // ECDSA with SHA-256 over `message`; `signature` is DER (X.509 style) or 64
  // raw bytes r || s (JWS style, RFC 7518, 3.4).
  bool VerifyDer(absl::string_view message, absl::string_view signature) const;
  bool VerifyRaw(absl::string_view message, absl::string_view signature) const;

  EVP_PKEY* get() const { return key_; }  // for X.509; not to be freed

 private:
  explicit VerifyingKey(EVP_PKEY* key) : key_(key) {}
  EVP_PKEY* const key_;  // owned
};

// A private P-256 key. Immutable, thread-safe.
class SigningKey {
 public:
  static absl::StatusOr<std::unique_ptr<SigningKey>> Generate();
  // PKCS#8 PEM; `passphrase` empty for an unencrypted key. INVALID_ARGUMENT
  // where it does not open or is not P-256; also for a passphrase where the key
  // has none, so that a key that lost its protection does not pass for
  // protected. PEM blocks of other kinds before the key are skipped.
  static absl::StatusOr<std::unique_ptr<SigningKey>> FromPem(
      absl::string_view pem, const SecretBytes& passphrase);
  ~SigningKey();
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  // PKCS#8 PEM, encrypted (PBES2, RFC 8018; scrypt, RFC 7914, with N 16384, r
  // 8, p 1; AES-256-CBC) where a passphrase is given.
  SecretBytes ToPem(const SecretBytes& passphrase) const;
  std::shared_ptr<const VerifyingKey> Public() const;
  std::string SignDer(absl::string_view message) const;
  std::string SignRaw(absl::string_view message) const;

  EVP_PKEY* get() const { return key_; }  // for X.509; not to be freed

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key) {}
  EVP_PKEY* const key_;  // owned
};

}  // namespace psm

#endif  // PSM_MESH_CRYPTO_SIGNING_KEY_H_
