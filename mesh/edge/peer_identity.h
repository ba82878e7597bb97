// Who is at the other end of a connection, as its certificate says.
#ifndef PSM_MESH_EDGE_PEER_IDENTITY_H_
#define PSM_MESH_EDGE_PEER_IDENTITY_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace psm::edge {

// Resolved once per connection, immutable afterwards. Expiry and revocation are
// looked at in every call (TlsConfig::CheckPeer).
struct PeerIdentity {
  // Which revocation lists have been found not to name its chain, by their
  // RevokedSerials::id: what lists that do not change say of a chain that does
  // not change is looked up once. A copy has not been looked up. Thread-safe.
  class ClearedBy {
   public:
    ClearedBy() = default;
    ClearedBy(const ClearedBy&) noexcept {}
    ClearedBy& operator=(const ClearedBy&) noexcept {
      Set(0);
      return *this;
    }
    bool Is(std::uint64_t lists) const {
      return lists != 0 && lists_.load(std::memory_order_relaxed) == lists;
    }
    void Set(std::uint64_t lists) {
      lists_.store(lists, std::memory_order_relaxed);
    }

   private:
    std::atomic<std::uint64_t> lists_{0};  // 0: none
  };

  // A certificate as a revocation list names it.
  struct CertificateName {
    std::string issuer;  // DER of the issuer's name
    std::string serial;  // as Certificate::serial()
  };

  std::string system;     // "akatsuki/tax", from the only URI name
  std::string serial;     // of the leaf, as Certificate::serial()
  absl::Time not_before;  // of the whole chain: the latest
  absl::Time not_after;   // of the whole chain: the earliest; inclusive
  std::vector<CertificateName> chain;  // leaf first, root included
  // Keeps it counted in PeersInUse; null outside of connections.
  std::shared_ptr<const void> counted;
  mutable ClearedBy cleared_by;
};

// How long a connection that is opened now should last at most: half of what
// the peer's certificate has left. By then a renewed one is there, and if not,
// the next connection has the other half. Never under a second.
inline absl::Duration TimeToReconnect(const PeerIdentity& peer,
                                      absl::Time now) {
  return std::max(absl::Seconds(1), (peer.not_after - now) / 2);
}

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_PEER_IDENTITY_H_
