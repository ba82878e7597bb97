#include <openssl/rand.h>

#include <climits>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

class OpenSslRandom : public Random {
 public:
  std::string Bytes(std::size_t size) override {
    CheckOpenSsl(size <= INT_MAX, "RAND_bytes: too many bytes");
    std::string bytes(size, '\0');
    // Without entropy there is no key and no salt: nothing may go on.
    CheckOpenSsl(
        size == 0 || RAND_bytes(psm::Bytes(bytes), static_cast<int>(size)) == 1,
        "RAND_bytes");
    return bytes;
  }
};

constexpr std::size_t kUuidSize = 36;  // characters

bool IsUuidHyphen(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

Random& SystemRandom() {
  static OpenSslRandom random;
  return random;
}

std::string NewUuid(Random& random) {
  std::string bytes = random.Bytes(16);
  // RFC 4122, 4.4: version 4 and the variant of that RFC.
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  const absl::string_view h = hex;
  return absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4),
                      "-", h.substr(16, 4), "-", h.substr(20));
}

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidSize) return false;
  for (std::size_t i = 0; i < kUuidSize; ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (IsUuidHyphen(i) ? c != '-'
                        : !(absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  return true;
}

}  // namespace psm
