#include "services/gbizid/one_time_password.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/str_format.h"
#include "mesh/base/secret.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::gbizid {

std::int64_t OneTimeStepOf(absl::Time time) {
  return absl::ToUnixSeconds(time) / absl::ToInt64Seconds(kOneTimeStep);
}

std::string OneTimePassword(absl::string_view secret, std::int64_t step,
                            int digits) {
  unsigned char counter[8];
  for (int i = 0; i < 8; ++i)
    counter[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >>
                                            (56 - 8 * i));
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CheckOpenSsl(HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
                    counter, sizeof(counter), mac, &size) != nullptr &&
                   size == 20,
               "HMAC-SHA-1");
  // RFC 4226, 5.3: dynamic truncation.
  const unsigned offset = mac[19] & 0x0fU;
  const std::uint32_t bits = (mac[offset] & 0x7fU) << 24 |
                             static_cast<std::uint32_t>(mac[offset + 1]) << 16 |
                             static_cast<std::uint32_t>(mac[offset + 2]) << 8 |
                             static_cast<std::uint32_t>(mac[offset + 3]);
  std::uint32_t modulus = 1;
  for (int i = 0; i < digits; ++i) modulus *= 10;
  return absl::StrFormat("%0*d", digits, bits % modulus);
}

std::optional<std::int64_t> MatchOneTimePassword(absl::string_view secret,
                                                 absl::string_view given,
                                                 absl::Time now,
                                                 std::int64_t last_step) {
  const std::int64_t current = OneTimeStepOf(now);
  std::optional<std::int64_t> matched;
  for (std::int64_t step = current - 1; step <= current + 1; ++step) {
    const bool equal =
        EqualInConstantTime(OneTimePassword(secret, step), given);
    if (equal && step > last_step && !matched) matched = step;
  }
  return matched;
}

}  // namespace psm::gbizid
