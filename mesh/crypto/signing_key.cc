// Keys are P-256 and nothing else, checked wherever one enters. What is signed
// or verified is always the SHA-256 of the message.
#include "mesh/crypto/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

constexpr int kCoordinateSize = 32;  // bytes; of r and of s
constexpr std::size_t kRawSignatureSize = 2 * kCoordinateSize;
constexpr std::size_t kMaxDerSignatureSize = 72;

// scrypt's cost: about 16 MiB and 40 ms, under OpenSSL's own limit of 32 MiB.
constexpr std::uint64_t kScryptN = 16384;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;

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

// What PEM_read_bio_PrivateKey is to use, and whether it asked.
struct Passphrase {
  absl::string_view text;
  bool used = false;
};

// Never asks at the terminal, which OpenSSL would do without a callback.
int GivePassphrase(char* buffer, int size, int /*writing*/, void* passphrase) {
  auto* given = static_cast<Passphrase*>(passphrase);
  given->used = true;
  if (given->text.empty() ||
      given->text.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::memcpy(buffer, given->text.data(), given->text.size());
  return static_cast<int>(given->text.size());
}

absl::Status NotOpened(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the private key does not open: ", why));
}

void WriteEncrypted(BIO* bio, EVP_PKEY* key, absl::string_view passphrase) {
  OpenSslPtr<PKCS8_PRIV_KEY_INFO> info(EVP_PKEY2PKCS8(key));
  CheckOpenSsl(info != nullptr, "EVP_PKEY2PKCS8");
  // A null salt has OpenSSL make a random one.
  X509_ALGOR* scheme = PKCS5_pbe2_set_scrypt(
      EVP_aes_256_cbc(), nullptr, 0, nullptr, kScryptN, kScryptR, kScryptP);
  CheckOpenSsl(scheme != nullptr, "PKCS5_pbe2_set_scrypt");
  OpenSslPtr<X509_SIG> sealed(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()),
                     info.get(), scheme));
  CheckOpenSsl(sealed != nullptr, "PKCS8_set0_pbe");
  CheckOpenSsl(PEM_write_bio_PKCS8(bio, sealed.get()) == 1,
               "PEM_write_bio_PKCS8");
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
  Passphrase given{passphrase.Reveal()};
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  OpenSslPtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassphrase, &given));
  if (key == nullptr) {
    const std::string reason = TakeOpenSslReason();
    if (!given.used) return NotOpened("no PEM private key is in it");
    if (passphrase.size() == 0) return NotOpened("it has a passphrase");
    return NotOpened(
        absl::StrCat("wrong passphrase or damaged (", reason, ")"));
  }
  if (passphrase.size() != 0 && !given.used) {
    return NotOpened("a passphrase was given but the key is not encrypted");
  }
  if (!IsP256(key.get())) return NotOpened("it is not a P-256 key");
  // PKCS#8 repeats the public half, which could be another key's.
  OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_pairwise_check(context.get()) != 1) {
    TakeOpenSslReason();
    return NotOpened("its public half is not that of its private half");
  }
  return std::unique_ptr<SigningKey>(new SigningKey(key.release()));
}

SigningKey::~SigningKey() { EVP_PKEY_free(key_); }

SecretBytes SigningKey::ToPem(const SecretBytes& passphrase) const {
  OpenSslPtr<BIO> bio = WritingBio();
  if (passphrase.size() != 0) {
    WriteEncrypted(bio.get(), key_, passphrase.Reveal());
  } else {
    CheckOpenSsl(
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key_, nullptr, nullptr, 0,
                                      nullptr, nullptr) == 1,
        "PEM_write_bio_PKCS8PrivateKey");
  }
  return SecretBytes(BioContents(bio.get()));
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
