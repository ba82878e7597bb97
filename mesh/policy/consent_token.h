// The form of a consent token: JWS compact serialisation (RFC 7515, 3.1) with a
// JWT claims set (RFC 7519), read far more strictly than those allow. Knows no
// keys.
#ifndef PSM_MESH_POLICY_CONSENT_TOKEN_H_
#define PSM_MESH_POLICY_CONSENT_TOKEN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/policy/consent.h"

namespace psm {

// No consent holds longer, from its issue to its end.
inline constexpr absl::Duration kMaxConsentDuration = absl::Hours(24 * 365);

// A token taken apart. Nothing in it may be believed before its signature has
// been verified, `kid` included: it only says which key to try.
struct UnverifiedToken {
  std::string kid;
  absl::string_view signed_part;  // header.payload, into the token
  std::string payload;            // decoded
  std::string signature;          // decoded, 64 bytes
};

// Takes a token apart. PERMISSION_DENIED CONSENT_INVALID for more than
// kMaxConsentTokenSize bytes; anything but three parts of canonical base64url
// without padding (RFC 4648, 5); a header that is not a JSON object of exactly
// alg ES256, typ psm-consent+jwt and kid, each once; a signature that is not 64
// bytes.
absl::StatusOr<UnverifiedToken> SplitConsentToken(absl::string_view token);

// Reads the claims of a payload whose signature was verified. PERMISSION_DENIED
// CONSENT_INVALID for anything but a JSON object of exactly the claims that
// Consent names, each once and of its type; another iss or aud; values that
// CheckConsent refuses. An unknown claim is refused because it may be there to
// narrow the consent.
absl::StatusOr<Consent> ReadConsentClaims(absl::string_view payload);

// Whether the values of a consent are well-formed: ids and names of their
// forms, 1 to 64 different attributes, times in whole seconds, an end after the
// beginning and at most kMaxConsentDuration later. INVALID_ARGUMENT, saying
// which is not.
absl::Status CheckConsent(const Consent& consent);

// The claims set of a consent, JSON, for signing. The consent must be
// well-formed.
std::string EncodeConsentPayload(const Consent& consent);

// PERMISSION_DENIED CONSENT_INVALID: "the consent token <what>; ...". `what`
// holds nothing from the token.
absl::Status ConsentInvalid(absl::string_view what);

}  // namespace psm

#endif  // PSM_MESH_POLICY_CONSENT_TOKEN_H_
