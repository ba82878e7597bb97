#include "mesh/crypto/private_key_pem.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace psm {
namespace {

// scrypt's cost: about 16 MiB and 40 ms, under OpenSSL's own limit of 32 MiB.
constexpr std::uint64_t kScryptN = 16384;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;

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

absl::Status PrivateKeyNotOpened(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the private key does not open: ", why));
}

absl::StatusOr<OpenSslPtr<EVP_PKEY>> PrivateKeyFromPem(
    absl::string_view pem, const SecretBytes& passphrase) {
  Passphrase given{passphrase.Reveal()};
  OpenSslPtr<BIO> bio = ReadingBio(pem);
  OpenSslPtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassphrase, &given));
  if (key == nullptr) {
    const std::string reason = TakeOpenSslReason();
    if (!given.used) return PrivateKeyNotOpened("no PEM private key is in it");
    if (passphrase.size() == 0)
      return PrivateKeyNotOpened("it has a passphrase");
    return PrivateKeyNotOpened(
        absl::StrCat("wrong passphrase or damaged (", reason, ")"));
  }
  if (passphrase.size() != 0 && !given.used) {
    return PrivateKeyNotOpened(
        "a passphrase was given but the key is not encrypted");
  }
  return key;
}

SecretBytes PrivateKeyToPem(EVP_PKEY* key, const SecretBytes& passphrase) {
  OpenSslPtr<BIO> bio = WritingBio();
  if (passphrase.size() != 0) {
    WriteEncrypted(bio.get(), key, passphrase.Reveal());
  } else {
    CheckOpenSsl(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr,
                                               0, nullptr, nullptr) == 1,
                 "PEM_write_bio_PKCS8PrivateKey");
  }
  return SecretBytes(BioContents(bio.get()));
}

}  // namespace psm
