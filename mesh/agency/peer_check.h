// Whether the certificate of the other end of a TLS handshake is the one it
// must be: chain, revocation, validity, purpose and SPIFFE id, checked from the
// certificates themselves. Knows no gRPC.
#ifndef PSM_MESH_AGENCY_PEER_CHECK_H_
#define PSM_MESH_AGENCY_PEER_CHECK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/crypto/revocation_list_numbers.h"
#include "mesh/crypto/trust.h"

namespace psm::agency {

struct PeerPolicy {
  PeerRole role;          // of the peer
  std::string spiffe_id;  // the only one that passes
  // Files, read anew at each handshake, so that a renewal or a revocation binds
  // the next one.
  std::string trust_file;  // PEM, root certificates
  std::string crl_file;    // PEM, a current CRL of every CA in the chain
  std::string chain_file;  // PEM, intermediates for a peer that sends none
  // The lists of earlier handshakes, so that an older one is refused; null:
  // none is.
  std::shared_ptr<RevocationListNumbers> seen = nullptr;
};

// OK, or what is wrong, as Trust::Verify says it; UNAUTHENTICATED PEER_UNKNOWN
// where the chain is good and the name another; UNAVAILABLE
// REVOCATION_STATE_STALE where a file cannot be read or a list is older than
// one of an earlier handshake. Closed, not open: a CRL that is missing or out
// of date and a URI name beside the SPIFFE id refuse. `leaf_pem` is the peer's
// certificate, `chain_pem` what it sent (with or without the leaf; may be
// empty).
absl::Status CheckPeer(const PeerPolicy& policy, absl::string_view leaf_pem,
                       absl::string_view chain_pem, absl::Time now);

// Whether `identity_file` (PEM: a private key, then its certificate chain) is
// what the system `spiffe_id` can serve with. FAILED_PRECONDITION
// IDENTITY_UNUSABLE otherwise. Says nothing about validity in time.
absl::Status CheckIdentityFile(const std::string& identity_file,
                               absl::string_view spiffe_id);

// Whether the roots and lists of `policy` vouch at `now` for what this process
// itself shows (its chain_file): else it would refuse everybody, and everybody
// it. FAILED_PRECONDITION, reason TRUST_UNUSABLE, with what is wrong.
absl::Status CheckTrustFiles(const PeerPolicy& policy, absl::Time now);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_PEER_CHECK_H_
