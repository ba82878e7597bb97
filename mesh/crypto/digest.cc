// In OpenSSL 3 what EVP does around a digest costs more than hashing a short
// text: an algorithm is fetched once per process, and SHA-256, of which an
// exchange makes several, goes to its functions straight (the block function,
// with the processor's instructions, is the same).
#define OPENSSL_SUPPRESS_DEPRECATED  // SHA256_Init and so on
#include "mesh/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/sha.h>

#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

constexpr std::size_t kSha256Size = 32;
char kSha256Name[] = "SHA256";  // OSSL_PARAM takes no const

template <typename T>
T* Fetched(T* algorithm, const char* what) {
  CheckOpenSsl(algorithm != nullptr, what);
  return algorithm;
}

}  // namespace

void Sha256To(absl::string_view bytes, char* digest) {
  SHA256_CTX context;
  CheckOpenSsl(
      SHA256_Init(&context) == 1 &&
          SHA256_Update(&context, bytes.data(), bytes.size()) == 1 &&
          SHA256_Final(reinterpret_cast<unsigned char*>(digest), &context) == 1,
      "SHA-256");
}

std::string Sha256(absl::string_view bytes) {
  std::string digest(kSha256Size, '\0');
  Sha256To(bytes, digest.data());
  return digest;
}

std::string HmacSha256(const SecretBytes& key, absl::string_view bytes) {
  static EVP_MAC* const mac =
      Fetched(EVP_MAC_fetch(nullptr, "HMAC", nullptr), "EVP_MAC_fetch");
  // A context of its own for each call: it holds the key and is wiped with it.
  OpenSslPtr<EVP_MAC_CTX> context(EVP_MAC_CTX_new(mac));
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, kSha256Name, 0),
      OSSL_PARAM_construct_end()};
  // A null key means "the key of before", not the empty key.
  const absl::string_view secret = key.size() == 0 ? "" : key.Reveal();
  std::string digest(kSha256Size, '\0');
  std::size_t size = 0;
  CheckOpenSsl(
      context != nullptr &&
          EVP_MAC_init(context.get(), Bytes(secret), secret.size(),
                       parameters) == 1 &&
          EVP_MAC_update(context.get(), Bytes(bytes), bytes.size()) == 1 &&
          EVP_MAC_final(context.get(), Bytes(digest), &size, digest.size()) ==
              1 &&
          size == kSha256Size,
      "HMAC");
  return digest;
}

SecretBytes HkdfSha256(const SecretBytes& key, absl::string_view info,
                       std::size_t size) {
  CheckOpenSsl(size <= 255 * kSha256Size, "HKDF: more bytes than RFC 5869 has");
  if (size == 0) return SecretBytes();
  // RFC 5869, written out over HMAC: a salt that is not given is a string of
  // zeros as long as the hash (2.2).
  std::string block =
      HmacSha256(SecretBytes(std::string(kSha256Size, '\0')), key.Reveal());
  const SecretBytes pseudorandom_key(block);
  OPENSSL_cleanse(block.data(), block.size());
  block.clear();
  std::string output;
  output.reserve(size + kSha256Size);  // one allocation, wiped at the end
  for (unsigned char counter = 1; output.size() < size; ++counter) {
    block.append(info.data(), info.size());
    block.push_back(static_cast<char>(counter));
    std::string next = HmacSha256(pseudorandom_key, block);
    OPENSSL_cleanse(block.data(), block.size());
    block = std::move(next);
    output.append(block);
  }
  SecretBytes result(absl::string_view(output).substr(0, size));
  OPENSSL_cleanse(output.data(), output.size());
  OPENSSL_cleanse(block.data(), block.size());
  return result;
}

}  // namespace psm
