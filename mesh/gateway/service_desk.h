// What one worker of the gateway does with the calls that reach it: its own
// services, reflection, health, and exchanges.
#ifndef PSM_MESH_GATEWAY_SERVICE_DESK_H_
#define PSM_MESH_GATEWAY_SERVICE_DESK_H_

#include <memory>

#include "mesh/edge/stream_handler.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/unary.h"
#include "mesh/edge/upstream.h"
#include "mesh/exchange/environment.h"
#include "mesh/gateway/reflection.h"
#include "mesh/gateway/transparent_router.h"

namespace psm {

// Belongs to one worker's thread. What is passed must outlive it.
class ServiceDesk final : public edge::Dispatcher, public edge::UnaryService {
 public:
  // `tls` is the newest TLS state of this worker, by which peers of live
  // connections are judged.
  ServiceDesk(Environment& env, edge::Upstream& upstream,
              const std::shared_ptr<const edge::TlsConfig>& tls)
      : env_(env), upstream_(upstream), tls_(tls), router_(env, tls) {}

  std::unique_ptr<edge::StreamHandler> Dispatch(
      edge::InboundStream& stream) override;
  // Leaves exchanges and the gateway's own services to Authenticate, which
  // makes the same check and has the refusal recorded.
  std::unique_ptr<edge::StreamHandler> DispatchLapsed(
      edge::InboundStream& stream) override;
  Task<edge::UnaryReply> Handle(edge::UnaryCall& call) override;

 private:
  // A call for somebody else: an exchange, or transparent.
  std::unique_ptr<edge::StreamHandler> Carry(edge::InboundStream& stream);

  Environment& env_;
  edge::Upstream& upstream_;
  const std::shared_ptr<const edge::TlsConfig>& tls_;
  TransparentRouter router_;
  Reflection reflection_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_SERVICE_DESK_H_
