// Keys are P-256 and nothing else, checked wherever one enters. What is signed
// or verified is always the SHA-256 of the message.
#include "mesh/crypto/signing_key.h"

#include <openssl/core_names.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"
#include "mesh/crypto/private_key_pem.h"

namespace psm {
namespace {

constexpr int kCoordinateSize = 32;  // bytes; of r and of s
constexpr std::size_t kRawSignatureSize = 2 * kCoordinateSize;
constexpr std::size_t kMaxDerSignatureSize = 72;

bool IsP256(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") != 1) return false;
  std::array<char, 32> group{};
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1 ||
      std::strcmp(group.data(), "prime256v1") != 0) {
    return false;
  }
  int explicit_curve = 1;
  return EVP_PKEY_get_int_param(key,
                                OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                &explicit_curve) == 1 &&
         explicit_curve == 0;
}

std::string PublicDer(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  CheckOpenSsl(size > 0, "i2d_PUBKEY");
  std::string bytes(reinterpret_cast<char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

std::string DerSignature(const ECDSA_SIG& signature) {
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(&signature, &der);
  CheckOpenSsl(size > 0, "i2d_ECDSA_SIG");
  std::string bytes(reinterpret_cast<char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const VerifyingKey>> VerifyingKey::FromDer(
    absl::string_view der) {
  const unsigned char* at = Bytes(der);
  OpenSslPtr<EVP_PKEY> key(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || at != Bytes(der) + der.size() || !IsP256(key.get())) {
    TakeOpenSslReason();
    return absl::InvalidArgumentError("not a P-256 public key");
  }
  return std::shared_ptr<const VerifyingKey>(new VerifyingKey(key.release()));
}

VerifyingKey::~VerifyingKey() { EVP_PKEY_free(key_); }

std::string VerifyingKey::ToDer() const { return PublicDer(key_); }

bool VerifyingKey::VerifyDer(absl::string_view message,
                             absl::string_view signature) const {
  const std::string digest = Sha256(message);
  OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key_, nullptr));
  CheckOpenSsl(context != nullptr && EVP_PKEY_verify_init(context.get()) == 1,
               "EVP_PKEY_verify_init");
  const bool good =
      signature.size() <= kMaxDerSignatureSize &&
      EVP_PKEY_verify(context.get(), Bytes(signature), signature.size(),
                      Bytes(absl::string_view(digest)), digest.size()) == 1;
  if (!good) TakeOpenSslReason();
  return good;
}

bool VerifyingKey::VerifyRaw(absl::string_view message,
                             absl::string_view signature) const {
  if (signature.size() != kRawSignatureSize) return false;
  OpenSslPtr<ECDSA_SIG> parts(ECDSA_SIG_new());
  OpenSslPtr<BIGNUM> r(BN_bin2bn(Bytes(signature), kCoordinateSize, nullptr));
  OpenSslPtr<BIGNUM> s(
      BN_bin2bn(Bytes(signature) + kCoordinateSize, kCoordinateSize, nullptr));
  CheckOpenSsl(parts != nullptr && r != nullptr && s != nullptr &&
                   ECDSA_SIG_set0(parts.get(), r.get(), s.get()) == 1,
               "ECDSA_SIG_set0");
  r.release();  // both belong to `parts` now
  s.release();
  return VerifyDer(message, DerSignature(*parts));
}

absl::StatusOr<std::unique_ptr<SigningKey>> SigningKey::Generate() {
  OpenSslPtr<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (key == nullptr) {
    return absl::InternalError(
        absl::StrCat("cannot make a P-256 key: ", TakeOpenSslReason()));
  }
  return std::unique_ptr<SigningKey>(new SigningKey(key.release()));
}

absl::StatusOr<std::unique_ptr<SigningKey>> SigningKey::FromPem(
    absl::string_view pem, const SecretBytes& passphrase) {
  PSM_ASSIGN_OR_RETURN(OpenSslPtr<EVP_PKEY> key,
                       PrivateKeyFromPem(pem, passphrase));
  if (!IsP256(key.get())) return PrivateKeyNotOpened("it is not a P-256 key");
  // PKCS#8 repeats the public half, which could be another key's.
  OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_pairwise_check(context.get()) != 1) {
    TakeOpenSslReason();
    return PrivateKeyNotOpened(
        "its public half is not that of its private half");
  }
  return std::unique_ptr<SigningKey>(new SigningKey(key.release()));
}

SigningKey::~SigningKey() { EVP_PKEY_free(key_); }

SecretBytes SigningKey::ToPem(const SecretBytes& passphrase) const {
  return PrivateKeyToPem(key_, passphrase);
}

std::shared_ptr<const VerifyingKey> SigningKey::Public() const {
  // Through DER, so that the private half does not live on in the public key.
  absl::StatusOr<std::shared_ptr<const VerifyingKey>> key =
      VerifyingKey::FromDer(PublicDer(key_));
  CheckOpenSsl(key.ok(), "the public half of a P-256 key");
  return *std::move(key);
}

std::string SigningKey::SignDer(absl::string_view message) const {
  const std::string digest = Sha256(message);
  std::string signature(kMaxDerSignatureSize, '\0');
  std::size_t size = signature.size();
  OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key_, nullptr));
  CheckOpenSsl(
      context != nullptr && EVP_PKEY_sign_init(context.get()) == 1 &&
          EVP_PKEY_sign(context.get(), Bytes(signature), &size,
                        Bytes(absl::string_view(digest)), digest.size()) == 1,
      "EVP_PKEY_sign");
  signature.resize(size);
  return signature;
}

std::string SigningKey::SignRaw(absl::string_view message) const {
  const std::string der = SignDer(message);
  const unsigned char* at = Bytes(absl::string_view(der));
  OpenSslPtr<ECDSA_SIG> parts(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  CheckOpenSsl(parts != nullptr, "d2i_ECDSA_SIG");
  std::string raw(kRawSignatureSize, '\0');
  CheckOpenSsl(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), Bytes(raw),
                            kCoordinateSize) == kCoordinateSize &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()),
                                Bytes(raw) + kCoordinateSize,
                                kCoordinateSize) == kCoordinateSize,
               "BN_bn2binpad");
  return raw;
}

}  // namespace psm
