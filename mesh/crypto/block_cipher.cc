#include "mesh/crypto/block_cipher.h"

#include "mesh/crypto/openssl_ptr.h"

namespace psm {

// As in digest.cc: fetched once, a context for each thread. Padding is what
// EVP_EncryptFinal would add to whole blocks; it is not called.
void EncryptBlocks(absl::string_view key, absl::Span<char> blocks) {
  constexpr std::size_t kBlockSize = 16;
  static EVP_CIPHER* const cipher =
      EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);
  static thread_local const OpenSslPtr<EVP_CIPHER_CTX> context(
      EVP_CIPHER_CTX_new());
  const int size = static_cast<int>(blocks.size());
  auto* const bytes = reinterpret_cast<unsigned char*>(blocks.data());
  int written = 0;
  CheckOpenSsl(
      cipher != nullptr && context != nullptr && key.size() == kBlockSize &&
          blocks.size() % kBlockSize == 0 &&
          EVP_EncryptInit_ex2(context.get(), cipher, Bytes(key), nullptr,
                              nullptr) == 1 &&
          EVP_EncryptUpdate(context.get(), bytes, &written, bytes, size) == 1 &&
          written == size,
      "AES-128");
}

}  // namespace psm
