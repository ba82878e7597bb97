// What a process of the mesh says when it is dialled: which certificate it
// shows, and whether it accepts ours.
#ifndef PSM_CERTS_ENDPOINT_QUESTION_H_
#define PSM_CERTS_ENDPOINT_QUESTION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "certs/system_identity.h"

namespace psm::pki {

struct EndpointAnswer {
  std::string shown;      // DER of the certificate that it shows
  bool accepted = false;  // ours, under TLS 1.3
  std::string refusal;    // what it said instead, for people
};

// Dials "127.0.0.1:PORT" and shakes hands, TLS 1.3 and h2, as `identity`. Ours
// is accepted once the other end sends its first bytes of HTTP/2: in TLS 1.3
// the server looks at the client's certificate after the client thinks that all
// is done. What the other end shows is not verified: who asks compares.
// NOT_FOUND where nobody listens there; UNAVAILABLE where the handshake does
// not come to a certificate; DEADLINE_EXCEEDED after `patience`;
// INVALID_ARGUMENT for an address that is none. Blocks.
absl::StatusOr<EndpointAnswer> AskEndpoint(const std::string& endpoint,
                                           const SystemIdentity& identity,
                                           absl::Duration patience);

}  // namespace psm::pki

#endif  // PSM_CERTS_ENDPOINT_QUESTION_H_
