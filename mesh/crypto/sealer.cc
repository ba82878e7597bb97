#include "mesh/crypto/sealer.h"

#include <utility>

#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

int Size(absl::string_view bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

struct Sealer::Cipher {
  OpenSslPtr<EVP_CIPHER> siv;
  SecretBytes key;
};

Sealer::Sealer(std::unique_ptr<const Cipher> cipher)
    : cipher_(std::move(cipher)) {}

Sealer::~Sealer() = default;

absl::StatusOr<std::unique_ptr<Sealer>> Sealer::Create(SecretBytes key) {
  if (key.size() != kKeySize)
    return absl::InvalidArgumentError("a sealing key has 64 bytes");
  OpenSslPtr<EVP_CIPHER> siv(EVP_CIPHER_fetch(nullptr, "AES-256-SIV", nullptr));
  CheckOpenSsl(siv != nullptr, "AES-256-SIV");
  return std::unique_ptr<Sealer>(new Sealer(
      std::make_unique<const Cipher>(Cipher{std::move(siv), std::move(key)})));
}

std::string Sealer::Seal(absl::string_view context,
                         absl::string_view text) const {
  OpenSslPtr<EVP_CIPHER_CTX> ctx(EVP_CIPHER_CTX_new());
  std::string sealed(kOverhead + text.size(), '\0');
  int size = 0;
  // SIV takes the whole text in one update.
  CheckOpenSsl(ctx != nullptr &&
                   EVP_EncryptInit_ex2(ctx.get(), cipher_->siv.get(),
                                       Bytes(cipher_->key.Reveal()), nullptr,
                                       nullptr) == 1 &&
                   EVP_EncryptUpdate(ctx.get(), nullptr, &size, Bytes(context),
                                     Size(context)) == 1 &&
                   EVP_EncryptUpdate(ctx.get(), Bytes(sealed) + kOverhead,
                                     &size, Bytes(text), Size(text)) == 1 &&
                   EVP_EncryptFinal_ex(ctx.get(), nullptr, &size) == 1 &&
                   EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG,
                                       kOverhead, Bytes(sealed)) == 1,
               "AES-256-SIV");
  return sealed;
}

std::optional<std::string> Sealer::Open(absl::string_view context,
                                        absl::string_view sealed) const {
  if (sealed.size() <= kOverhead) return std::nullopt;
  std::string tag(sealed.substr(0, kOverhead));
  const absl::string_view body = sealed.substr(kOverhead);
  OpenSslPtr<EVP_CIPHER_CTX> ctx(EVP_CIPHER_CTX_new());
  std::string text(body.size(), '\0');
  int size = 0;
  CheckOpenSsl(ctx != nullptr &&
                   EVP_DecryptInit_ex2(ctx.get(), cipher_->siv.get(),
                                       Bytes(cipher_->key.Reveal()), nullptr,
                                       nullptr) == 1 &&
                   EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG,
                                       kOverhead, Bytes(tag)) == 1 &&
                   EVP_DecryptUpdate(ctx.get(), nullptr, &size, Bytes(context),
                                     Size(context)) == 1,
               "AES-256-SIV");
  const bool genuine = EVP_DecryptUpdate(ctx.get(), Bytes(text), &size,
                                         Bytes(body), Size(body)) == 1 &&
                       EVP_DecryptFinal_ex(ctx.get(), nullptr, &size) == 1;
  if (!genuine) {
    TakeOpenSslReason();
    return std::nullopt;
  }
  return text;
}

}  // namespace psm
