// Where the edge carries calls of transparent methods.
#ifndef PSM_MESH_GATEWAY_TRANSPARENT_ROUTER_H_
#define PSM_MESH_GATEWAY_TRANSPARENT_ROUTER_H_

#include <memory>

#include "mesh/edge/relay.h"
#include "mesh/edge/tls_config.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Belongs to one worker's thread. What is passed must outlive it.
class TransparentRouter final : public edge::Router {
 public:
  TransparentRouter(Environment& env,
                    const std::shared_ptr<const edge::TlsConfig>& tls)
      : env_(env), tls_(tls) {}

  // See RouteTransparent. The client's metadata goes along, but for what it
  // says to the mesh.
  Task<absl::StatusOr<edge::CallHead>> Route(
      edge::InboundStream& stream) override;

 private:
  Environment& env_;
  const std::shared_ptr<const edge::TlsConfig>& tls_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_TRANSPARENT_ROUTER_H_
