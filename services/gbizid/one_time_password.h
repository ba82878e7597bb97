// One-time passwords of authenticator apps (TOTP, RFC 6238, over HOTP, RFC
// 4226). Knows no accounts.
#ifndef PSM_SERVICES_GBIZID_ONE_TIME_PASSWORD_H_
#define PSM_SERVICES_GBIZID_ONE_TIME_PASSWORD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace psm::gbizid {

inline constexpr absl::Duration kOneTimeStep = absl::Seconds(30);
inline constexpr int kOneTimeDigits = 6;
inline constexpr std::size_t kOneTimeSecretSize = 20;  // bytes

// The step that a time lies in, counted from 1970.
std::int64_t OneTimeStepOf(absl::Time time);

// The password of a step: `digits` (1 to 9) decimal digits, HMAC-SHA-1 as apps
// compute it.
std::string OneTimePassword(absl::string_view secret, std::int64_t step,
                            int digits = kOneTimeDigits);

// The step whose password `given` is: the one of `now`, the one before or the
// one after (RFC 6238, 5.2: clocks differ and people type slowly), and only if
// it is later than `last_step`, which was accepted before: each password is
// good once. Nullopt where it is none of them. Constant time in the digits.
std::optional<std::int64_t> MatchOneTimePassword(absl::string_view secret,
                                                 absl::string_view given,
                                                 absl::Time now,
                                                 std::int64_t last_step);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ONE_TIME_PASSWORD_H_
