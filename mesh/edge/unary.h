// Calls with one message in each direction, as coroutines.
#ifndef PSM_MESH_EDGE_UNARY_H_
#define PSM_MESH_EDGE_UNARY_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mesh/base/cancellation.h"
#include "mesh/base/task.h"
#include "mesh/edge/limits.h"
#include "mesh/edge/peer_identity.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/worker.h"
#include "mesh/exchange/provider_link.h"

namespace psm::edge {

// A complete request. Lives until its reply has been handed over.
struct UnaryCall {
  Worker& worker;              // on whose thread all this happens
  const std::string& path;     // "/package.Service/Method"
  const PeerIdentity& peer;    // the consumer's system
  const Metadata& metadata;    // as InboundStream::metadata
  std::string message;         // uncompressed; may be moved from
  Cancellation& cancellation;  // as InboundStream::cancellation
  absl::Time ask_time;         // when the headers came, wall time
  absl::Duration deadline;     // monotonic time of worker.clock(); infinite
  absl::Duration time_left;    // the same, from when Handle was called

  // What is left of the deadline now; not negative.
  absl::Duration TimeLeft() const;
};

struct UnaryReply {
  absl::Status status;  // OK: `message` is the answer; else it is not sent
  std::string message;
  Metadata trailers;  // sent in both cases
};

class UnaryService {
 public:
  virtual ~UnaryService() = default;

  // Handles one call on the worker's thread, to the end, even when the client
  // has gone meanwhile; its reply is dropped then.
  virtual Task<UnaryReply> Handle(UnaryCall& call) = 0;
};

// Gathers exactly one message from `stream` and has `service` (which outlives
// it) handle it. Refuses by itself: a compressed message, UNIMPLEMENTED
// COMPRESSION_NOT_OFFERED; none or a second one, INVALID_ARGUMENT
// MESSAGE_COUNT; one that has not arrived after `request_time`,
// DEADLINE_EXCEEDED REQUEST_TOO_SLOW.
std::unique_ptr<StreamHandler> NewUnaryHandler(
    InboundStream& stream, UnaryService& service,
    absl::Duration request_time = ServerLimits().request_time);

// Has `service` handle `stream` by its head alone, without a message and
// without reading one: for what it refuses whatever is sent.
std::unique_ptr<StreamHandler> NewHeadHandler(InboundStream& stream,
                                              UnaryService& service);

// A dispatcher for a process all of whose methods are unary.
class UnaryDispatcher final : public Dispatcher {
 public:
  explicit UnaryDispatcher(UnaryService& service) : service_(service) {}
  std::unique_ptr<StreamHandler> Dispatch(InboundStream& stream) override {
    return NewUnaryHandler(stream, service_);
  }

 private:
  UnaryService& service_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_UNARY_H_
