// Representation tokens (JWS ES256, typ psm-representation+jwt): that somebody
// acts for another person at one consumer, now. Knows no keys; who verifies one
// is ConsentState.
#ifndef PSM_MESH_POLICY_REPRESENTATION_H_
#define PSM_MESH_POLICY_REPRESENTATION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/directory/directory.h"
#include "mesh/policy/token_form.h"

namespace psm {

// What a representation token says. Claims: iss, aud, sub, jti, iat, exp, and
// psm_consumer, psm_representative, psm_capacity ("parent" or "guardian").
struct Representation {
  std::string id;       // jti: of the representation, not of the token
  std::string subject;  // sub: who is represented, by the consumer's code
  std::string representative;  // who acts, by the consumer's own code
  Representative capacity = Representative::kNone;  // never kNone once read
  std::string consumer;                             // system id
  absl::Time issue_time;
  absl::Time expire_time;  // exclusive
};

// No token holds longer, from its issue to its end.
inline constexpr absl::Duration kMaxRepresentationDuration = absl::Minutes(15);

inline constexpr TokenForm kRepresentationForm = {
    "psm-representation+jwt", "representation", "REPRESENTATION_INVALID",
    "REPRESENTATION_EXPIRED", "have the representative act again (ActFor)"};

// PERMISSION_DENIED REPRESENTATION_INVALID: "the representation token <what>;
// ...". `what` holds nothing from the token.
absl::Status RepresentationInvalid(absl::string_view what);

// Makes a token. For identity. Times are cut to whole seconds. INVALID_ARGUMENT
// where CheckRepresentation refuses what is signed, and for a kid that is no
// name.
absl::StatusOr<std::string> SignRepresentation(
    const Representation& representation, const SigningKey& key,
    absl::string_view kid);

// Reads the claims of a payload whose signature was verified. PERMISSION_DENIED
// REPRESENTATION_INVALID for anything but a JSON object of exactly the claims
// that Representation names, each once and of its type; another iss or aud;
// values that CheckRepresentation refuses.
absl::StatusOr<Representation> ReadRepresentationClaims(
    absl::string_view payload);

// Whether the values are well-formed: ids and names of their forms, two
// different persons, a capacity, times in whole seconds, an end after the
// beginning and at most kMaxRepresentationDuration later. INVALID_ARGUMENT,
// saying which is not.
absl::Status CheckRepresentation(const Representation& representation);

// The claims set, JSON, for signing. The representation must be well-formed.
std::string EncodeRepresentationPayload(const Representation& representation);

}  // namespace psm

#endif  // PSM_MESH_POLICY_REPRESENTATION_H_
