// Life events as streams: who follows them on one worker, and how they take
// what is there for them. Decides nothing about who may be told what.
#ifndef PSM_MESH_GATEWAY_EVENT_STREAMS_H_
#define PSM_MESH_GATEWAY_EVENT_STREAMS_H_

#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/tls_config.h"
#include "mesh/exchange/environment.h"
#include "mesh/exchange/life_events.h"

namespace psm {

// The streams of one worker. Made and destroyed while its worker does not run;
// used by the worker in between. Each stream goes at the pace of who reads it:
// what one does not take stays in the queue, and nobody else waits for it. What
// is passed must outlive it.
class EventStreams {
 public:
  EventStreams(Environment& env, edge::Worker& worker,
               const std::shared_ptr<const edge::TlsConfig>& tls);
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  // Takes on one call of kSubscribePath.
  std::unique_ptr<edge::StreamHandler> NewStream(edge::InboundStream& stream);

  // Ends all, and every later one: UNAVAILABLE GATEWAY_STOPPING.
  void EndAll();

 private:
  class Stream;

  // Has the stream look for more at the worker's next turn.
  void PumpLater(Stream& stream);
  void PumpDue();

  Environment& env_;
  edge::Worker& worker_;
  const std::shared_ptr<const edge::TlsConfig>& tls_;
  absl::flat_hash_set<Stream*> live_;
  absl::flat_hash_set<Stream*> due_;
  bool posted_ = false;
  bool ending_ = false;
  int listener_ = 0;  // 0: there is no queue
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_EVENT_STREAMS_H_
