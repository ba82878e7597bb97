#include "mesh/crypto/ed25519_key.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/private_key_pem.h"

namespace psm {
namespace {

constexpr char kAlgorithm[] = "ED25519";

std::string RawPublic(EVP_PKEY* key) {
  std::string raw(kEd25519PublicKeySize, '\0');
  std::size_t size = raw.size();
  CheckOpenSsl(EVP_PKEY_get_raw_public_key(key, Bytes(raw), &size) == 1 &&
                   size == raw.size(),
               "EVP_PKEY_get_raw_public_key");
  return raw;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Ed25519PublicKey>>
Ed25519PublicKey::FromRaw(absl::string_view raw) {
  if (raw.size() != kEd25519PublicKeySize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an Ed25519 public key has 32 bytes, this one ", raw.size()));
  }
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key_ex(nullptr, kAlgorithm, nullptr,
                                                 Bytes(raw), raw.size());
  CheckOpenSsl(key != nullptr, "EVP_PKEY_new_raw_public_key_ex");
  return std::shared_ptr<const Ed25519PublicKey>(
      new Ed25519PublicKey(key, raw));
}

Ed25519PublicKey::~Ed25519PublicKey() { EVP_PKEY_free(key_); }

bool Ed25519PublicKey::Verify(absl::string_view message,
                              absl::string_view signature) const {
  if (signature.size() != kEd25519SignatureSize) return false;
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  CheckOpenSsl(context != nullptr && EVP_DigestVerifyInit_ex(
                                         context.get(), nullptr, nullptr,
                                         nullptr, nullptr, key_, nullptr) == 1,
               "EVP_DigestVerifyInit_ex");
  const bool good =
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                       Bytes(message), message.size()) == 1;
  if (!good) TakeOpenSslReason();
  return good;
}

Ed25519Key::Ed25519Key(EVP_PKEY* key) : key_(key) {
  // Through its bytes, so that the private half does not live on in it.
  public_ = *Ed25519PublicKey::FromRaw(RawPublic(key));
  ready_ = EVP_MD_CTX_new();
  CheckOpenSsl(ready_ != nullptr &&
                   EVP_DigestSignInit_ex(ready_, nullptr, nullptr, nullptr,
                                         nullptr, key_, nullptr) == 1,
               "EVP_DigestSignInit");
}

absl::StatusOr<std::unique_ptr<Ed25519Key>> Ed25519Key::Generate() {
  OpenSslPtr<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, kAlgorithm));
  if (key == nullptr) {
    return absl::InternalError(
        absl::StrCat("cannot make an Ed25519 key: ", TakeOpenSslReason()));
  }
  return std::unique_ptr<Ed25519Key>(new Ed25519Key(key.release()));
}

absl::StatusOr<std::unique_ptr<Ed25519Key>> Ed25519Key::FromPem(
    absl::string_view pem, const SecretBytes& passphrase) {
  PSM_ASSIGN_OR_RETURN(OpenSslPtr<EVP_PKEY> key,
                       PrivateKeyFromPem(pem, passphrase));
  if (EVP_PKEY_is_a(key.get(), kAlgorithm) != 1)
    return PrivateKeyNotOpened("it is not an Ed25519 key");
  return std::unique_ptr<Ed25519Key>(new Ed25519Key(key.release()));
}

absl::StatusOr<std::unique_ptr<Ed25519Key>> Ed25519Key::FromRaw(
    const SecretBytes& raw) {
  if (raw.size() != 32) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an Ed25519 private key has 32 bytes, this one ", raw.size()));
  }
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key_ex(
      nullptr, kAlgorithm, nullptr, Bytes(raw.Reveal()), raw.size());
  CheckOpenSsl(key != nullptr, "EVP_PKEY_new_raw_private_key_ex");
  return std::unique_ptr<Ed25519Key>(new Ed25519Key(key));
}

Ed25519Key::~Ed25519Key() {
  EVP_MD_CTX_free(ready_);
  EVP_PKEY_free(key_);
}

SecretBytes Ed25519Key::ToPem(const SecretBytes& passphrase) const {
  return PrivateKeyToPem(key_, passphrase);
}

std::string Ed25519Key::Sign(absl::string_view message) const {
  std::string signature(kEd25519SignatureSize, '\0');
  std::size_t size = signature.size();
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  CheckOpenSsl(context != nullptr &&
                   EVP_MD_CTX_copy_ex(context.get(), ready_) == 1 &&
                   EVP_DigestSign(context.get(), Bytes(signature), &size,
                                  Bytes(message), message.size()) == 1 &&
                   size == signature.size(),
               "EVP_DigestSign");
  return signature;
}

}  // namespace psm
