// What the bank reads of a consent token. It verifies nothing: the gateway
// does, and the bank relies on what it read only once the gateway has let the
// token pass.
#ifndef PSM_SERVICES_BANK_CONSENT_TOKEN_H_
#define PSM_SERVICES_BANK_CONSENT_TOKEN_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace psm::bank {

inline constexpr std::size_t kMaxTokenSize = 8192;  // bytes; as the gateway's

// The person that a token names (`sub`). PERMISSION_DENIED CONSENT_INVALID for
// what is not three parts of base64url joined by dots (JWS compact form, RFC
// 7515, 3.1) with a JSON object in the middle. A token that passes has only
// characters that may stand in metadata (library trap 2).
absl::StatusOr<std::string> SubjectOfToken(absl::string_view token);

}  // namespace psm::bank

#endif  // PSM_SERVICES_BANK_CONSENT_TOKEN_H_
