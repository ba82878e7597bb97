// What the certificate revocation lists of a mesh say. Knows no TLS.
#ifndef PSM_MESH_EDGE_REVOCATION_LIST_H_
#define PSM_MESH_EDGE_REVOCATION_LIST_H_

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/edge/peer_identity.h"

namespace psm::edge {

// The revoked serials of every issuer. Immutable, thread-safe. Trusts whoever
// may write the file: who can, can let a revoked certificate in or keep an
// honest one out; signatures are checked against the issuers that are given.
class RevocationList {
 public:
  // Reads concatenated PEM CRLs. FAILED_PRECONDITION CRL_UNREADABLE for no CRL
  // at all, for one that does not parse, or whose signature is not that of the
  // certificate in `issuers` that bears its issuer's name; CRL_EXPIRED where
  // one is not yet, or no longer, valid at `now`.
  static absl::StatusOr<std::shared_ptr<const RevocationList>> Parse(
      absl::string_view pem, absl::Span<X509* const> issuers, absl::Time now);

  // OK while no certificate of the chain is revoked and every issuer in it has
  // a list that is fresh at `now`. Else UNAUTHENTICATED, CERTIFICATE_REVOKED,
  // or UNAVAILABLE, REVOCATION_UNKNOWN (fail closed).
  absl::Status Check(const PeerIdentity& peer, absl::Time now) const;

  // When the first of the lists goes stale.
  absl::Time next_update() const { return next_update_; }

  // For the TLS library's own check of chains: adds every list to `store`.
  absl::Status AddTo(X509_STORE* store) const;

 private:
  struct FreeCrl {
    void operator()(X509_CRL* crl) const { X509_CRL_free(crl); }
  };
  struct Issuer {
    absl::Time next_update;  // exclusive
    absl::flat_hash_set<std::string> serials;
  };
  RevocationList() = default;

  std::vector<std::unique_ptr<X509_CRL, FreeCrl>> crls_;
  absl::flat_hash_map<std::string, Issuer> issuers_;  // by DER name
  absl::Time next_update_ = absl::InfiniteFuture();
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_REVOCATION_LIST_H_
