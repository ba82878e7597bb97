// The system at the other end of an HTTP/2 connection, as the exchange sees it.
#ifndef PSM_MESH_GATEWAY_EDGE_PEER_H_
#define PSM_MESH_GATEWAY_EDGE_PEER_H_

#include <memory>
#include <string>

#include "mesh/edge/peer_identity.h"
#include "mesh/edge/tls_config.h"
#include "mesh/exchange/ask.h"

namespace psm {

// What is passed must outlive it; `tls` is replaced under it by a reload.
class EdgePeer final : public Peer {
 public:
  EdgePeer(const edge::PeerIdentity& identity,
           const std::shared_ptr<const edge::TlsConfig>& tls)
      : identity_(identity), tls_(tls) {}
  const std::string& system_id() const override { return identity_.system; }
  absl::Status CheckCertificate(absl::Time now) const override {
    return tls_->CheckPeer(identity_, now);
  }

 private:
  const edge::PeerIdentity& identity_;
  const std::shared_ptr<const edge::TlsConfig>& tls_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_EDGE_PEER_H_
