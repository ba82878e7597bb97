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
#include "mesh/gateway/batch_streams.h"
#include "mesh/gateway/event_streams.h"
#include "mesh/gateway/reflection.h"
#include "mesh/gateway/transparent_router.h"

namespace psm {

// Belongs to one worker's thread. What is passed must outlive it.
class ServiceDesk final : public edge::Dispatcher, public edge::UnaryService {
 public:
  // `tls` is the newest TLS state of this worker, by which peers of live
  // connections are judged.
  ServiceDesk(Environment& env, edge::Upstream& upstream,
              EventStreams& event_streams, BatchStreams& batch_streams,
              const std::shared_ptr<const edge::TlsConfig>& tls)
      : env_(env),
        upstream_(upstream),
        event_streams_(event_streams),
        batch_streams_(batch_streams),
        tls_(tls),
        router_(env, tls) {}

  std::unique_ptr<edge::StreamHandler> Dispatch(
      edge::InboundStream& stream) override;
  // Leaves exchanges and the gateway's own services to Authenticate, which
  // makes the same check and has the refusal recorded.
  std::unique_ptr<edge::StreamHandler> DispatchLapsed(
      edge::InboundStream& stream) override;
  Task<edge::UnaryReply> Handle(edge::UnaryCall& call) override;

 private:
  // A call for somebody else: an exchange, or transparent; or one of the
  // gateway's own services.
  std::unique_ptr<edge::StreamHandler> Carry(edge::InboundStream& stream);

  Environment& env_;
  edge::Upstream& upstream_;
  EventStreams& event_streams_;
  BatchStreams& batch_streams_;
  const std::shared_ptr<const edge::TlsConfig>& tls_;
  TransparentRouter router_;
  Reflection reflection_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_SERVICE_DESK_H_
