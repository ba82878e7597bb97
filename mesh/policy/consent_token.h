// What a consent token says, in the form that identity's tokens share
// (token_form.h). Knows no keys.
#ifndef PSM_MESH_POLICY_CONSENT_TOKEN_H_
#define PSM_MESH_POLICY_CONSENT_TOKEN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/policy/consent.h"
#include "mesh/policy/token_form.h"

namespace psm {

// No consent holds longer, from its issue to its end.
inline constexpr absl::Duration kMaxConsentDuration = absl::Hours(24 * 365);

inline constexpr TokenForm kConsentForm = {"psm-consent+jwt", "consent",
                                           "CONSENT_INVALID", "CONSENT_EXPIRED",
                                           "ask the person for a new one"};

// SplitToken of a consent token: errors as there, reason CONSENT_INVALID.
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
