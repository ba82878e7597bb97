#include "mesh/base/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace psm {

// A moved-from std::string may keep short contents in its own buffer, so moves
// swap and then wipe the source.
SecretBytes::SecretBytes(SecretBytes&& other) noexcept {
  bytes_.swap(other.bytes_);
  other.Wipe();
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_.swap(other.bytes_);
  }
  return *this;
}

SecretBytes::~SecretBytes() { Wipe(); }

void SecretBytes::Wipe() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

bool operator==(const SecretBytes& a, const SecretBytes& b) {
  return EqualInConstantTime(a.Reveal(), b.Reveal());
}

bool EqualInConstantTime(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace psm
