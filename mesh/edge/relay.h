// Calls that are carried to a provider frame by frame, whatever their form:
// messages, metadata, encodings and status as they come.
#ifndef PSM_MESH_EDGE_RELAY_H_
#define PSM_MESH_EDGE_RELAY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "mesh/base/task.h"
#include "mesh/edge/outbound_stream.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/edge/upstream.h"

namespace psm::edge {

// Where a call goes. Outlives the calls.
class Router {
 public:
  virtual ~Router() = default;

  // Decides about a call before anything of its messages is read. OK: provider
  // and metadata for it; the path, what is left of the deadline, and the
  // encodings are the relay's to fill in. Otherwise the call ends with the
  // error. Runs to its end even where the client has gone.
  virtual Task<absl::StatusOr<CallHead>> Route(InboundStream& stream) = 0;
};

// Carries the call on `stream` where `router` says. What it holds of a call is
// bounded: a side that does not take what it is sent holds the other back.
// `upstream` outlives it.
std::unique_ptr<StreamHandler> NewRelay(InboundStream& stream, Router& router,
                                        Upstream& upstream);

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_RELAY_H_
