// Which certificates the revocation lists of a mesh name, for a look in every
// call. Chains are verified by psm::Trust; this only remembers.
#ifndef PSM_MESH_EDGE_REVOKED_SERIALS_H_
#define PSM_MESH_EDGE_REVOKED_SERIALS_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/edge/peer_identity.h"

namespace psm::edge {

// The revoked serials of every issuer; of none where it was not parsed, and
// then Check finds everything stale. Immutable, thread-safe. Trusts whoever may
// write the lists; Trust checks their signatures at the next handshake.
class RevokedSerials {
 public:
  // Reads concatenated PEM CRLs (RFC 5280, 5). INVALID_ARGUMENT where there is
  // none, or one does not parse or has no end of validity.
  static absl::StatusOr<RevokedSerials> Parse(absl::string_view pem);

  RevokedSerials() = default;
  RevokedSerials(RevokedSerials&& other) noexcept { *this = std::move(other); }
  RevokedSerials& operator=(RevokedSerials&& other) noexcept;

  // OK while no certificate of the chain is revoked and every issuer in it has
  // a list that is fresh at `now`. Else UNAUTHENTICATED CERTIFICATE_REVOKED, or
  // UNAVAILABLE REVOCATION_STATE_STALE (fail closed). Some 10 ns for a peer
  // that these lists have cleared before.
  absl::Status Check(const PeerIdentity& peer, absl::Time now) const;

  bool empty() const { return issuers_.empty(); }
  // When the first of the lists goes stale; InfinitePast where there is none.
  absl::Time next_update() const { return first_update_; }

 private:
  struct Issuer {
    absl::Time next_update;  // exclusive; the earliest where it has two lists
    absl::flat_hash_set<std::string> serials;
  };
  absl::flat_hash_map<std::string, Issuer> issuers_;  // by DER name
  absl::Time first_update_ = absl::InfinitePast();    // of all issuers
  std::uint64_t id_ = 0;  // no other lists of this process have it; 0: none
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_REVOKED_SERIALS_H_
