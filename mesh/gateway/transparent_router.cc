#include "mesh/gateway/transparent_router.h"

#include <utility>

#include "absl/strings/match.h"
#include "mesh/exchange/transparent.h"
#include "mesh/gateway/edge_peer.h"

namespace psm {

Task<absl::StatusOr<edge::CallHead>> TransparentRouter::Route(
    edge::InboundStream& stream) {
  EdgePeer peer(*stream.peer(), tls_);
  Ask ask;
  ask.peer = &peer;
  ask.path = stream.path();
  ask.ask_time = stream.ask_time();
  ask.cancellation = &stream.cancellation();
  absl::Status read = ReadMetadata(stream.metadata(), ask);
  if (!read.ok()) co_return read;

  Task<absl::StatusOr<TransparentRoute>> routing =
      RouteTransparent(env_, std::move(ask));
  absl::StatusOr<TransparentRoute> route = co_await routing;
  if (!route.ok()) co_return route.status();
  edge::CallHead head;
  head.provider = std::move(route->provider);
  for (const auto& entry : stream.metadata()) {
    if (!absl::StartsWith(entry.first, "psm-")) head.metadata.push_back(entry);
  }
  for (auto& entry : route->metadata) head.metadata.push_back(std::move(entry));
  co_return head;
}

}  // namespace psm
