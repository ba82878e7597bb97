#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <climits>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm {
namespace {

// Ids and salts, a few for each call: OpenSSL is asked for many at once, as a
// question costs it more than the bytes. Keys are longer and never pass here.
constexpr std::size_t kShort = 16;

// Without entropy there is no key and no salt: nothing may go on.
void Fill(unsigned char* bytes, std::size_t size) {
  CheckOpenSsl(size <= INT_MAX, "RAND_bytes: too many bytes");
  CheckOpenSsl(size == 0 || RAND_bytes(bytes, static_cast<int>(size)) == 1,
               "RAND_bytes");
}

// One thread's. Each byte is given once and wiped here; a process that forked
// and went on would give the same ones twice, and ours fork to exec alone.
class ShortSupply {
 public:
  ~ShortSupply() { OPENSSL_cleanse(bytes_, sizeof bytes_); }
  std::string Take(std::size_t size) {
    if (sizeof bytes_ - used_ < size) {
      Fill(bytes_, sizeof bytes_);
      used_ = 0;
    }
    unsigned char* const taken = bytes_ + used_;
    std::string bytes(reinterpret_cast<const char*>(taken), size);
    OPENSSL_cleanse(taken, size);
    used_ += size;
    return bytes;
  }

 private:
  unsigned char bytes_[4096];
  std::size_t used_ = sizeof bytes_;
};

class OpenSslRandom : public Random {
 public:
  std::string Bytes(std::size_t size) override {
    if (size <= kShort) {
      static thread_local ShortSupply supply;
      return supply.Take(size);
    }
    std::string bytes(size, '\0');
    Fill(psm::Bytes(bytes), size);
    return bytes;
  }
};

constexpr std::size_t kUuidSize = 36;  // characters

bool IsUuidHyphen(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// RFC 9562, 4: 16 bytes, of which six bits are the version's and the variant's.
std::string UuidOf(std::string bytes, unsigned version) {
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string uuid(kUuidSize, '-');
  std::size_t digit = 0;  // of 32
  for (std::size_t i = 0; i < kUuidSize; ++i) {
    if (IsUuidHyphen(i)) continue;
    const unsigned byte = static_cast<unsigned char>(bytes[digit / 2]);
    uuid[i] = kDigits[digit % 2 == 0 ? byte >> 4 : byte & 0xf];
    ++digit;
  }
  return uuid;
}

}  // namespace

Random& SystemRandom() {
  static OpenSslRandom random;
  return random;
}

std::string NewUuid(Random& random) { return UuidOf(random.Bytes(16), 4); }

std::string NamedUuid(absl::string_view name) {
  return UuidOf(Sha256(name).substr(0, 16), 8);
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
