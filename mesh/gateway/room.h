// Everything of the gateway that belongs to one worker.
#ifndef PSM_MESH_GATEWAY_ROOM_H_
#define PSM_MESH_GATEWAY_ROOM_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "mesh/edge/upstream.h"
#include "mesh/edge/worker.h"
#include "mesh/exchange/environment.h"
#include "mesh/gateway/batch_streams.h"
#include "mesh/gateway/chores.h"
#include "mesh/gateway/event_streams.h"
#include "mesh/gateway/service_desk.h"

namespace psm {

// What all workers share.
struct SharedState {
  const Clock& clock;
  const PageTokens& pages;
  ConsentState& consents;
  RecordLog& log;
  RefusalCounter& refusals;
  edge::EndpointSource& endpoints;
  LegObserver* observer;
  std::string gateway;
  HoldingRegister& holdings;
  EventQueue& events;
  edge::UpstreamLimits upstream_limits;
};

// Made and destroyed by the main thread, while its worker does not run; used by
// the worker in between.
class Room {
 public:
  Room(int index, const SharedState& shared,
       std::shared_ptr<const PolicyEngine> policy,
       std::unique_ptr<SubjectScopes> scopes,
       std::shared_ptr<const edge::TlsConfig> tls);

  edge::Worker& worker() { return worker_; }
  ServiceDesk& desk() { return desk_; }

  // Thread-safe: bind from the worker's next turn.
  void Update(std::shared_ptr<const PolicyEngine> policy);
  void Update(std::shared_ptr<const edge::TlsConfig> tls);

  // Thread-safe: ends what would go on for ever, or for long.
  void EndStreams();

  // Makes this room the one that does the gateway's chores. Before the worker
  // starts.
  void TakeChores();
  // Thread-safe, after TakeChores: ends them and calls `done` on the worker.
  void EndChores(absl::AnyInvocable<void()> done);

 private:
  edge::Worker worker_;
  std::unique_ptr<SubjectScopes> scopes_;
  RateLimiter rates_;
  edge::Upstream upstream_;
  std::shared_ptr<const edge::TlsConfig> tls_;
  Environment env_;
  EventStreams event_streams_;
  BatchStreams batch_streams_;
  ServiceDesk desk_;
  std::unique_ptr<Chores> chores_;  // of one room
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_ROOM_H_
