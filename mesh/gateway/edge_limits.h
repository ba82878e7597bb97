// The edge's limits as the configuration says them.
#ifndef PSM_MESH_GATEWAY_EDGE_LIMITS_H_
#define PSM_MESH_GATEWAY_EDGE_LIMITS_H_

#include "mesh/edge/limits.h"
#include "psm/config/v1/config.pb.h"

namespace psm {

// The defaults, with what `limits` says in their place.
edge::ServerLimits ServerLimitsOf(const config::v1::EdgeLimits& limits);
edge::UpstreamLimits UpstreamLimitsOf(const config::v1::EdgeLimits& limits);

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_EDGE_LIMITS_H_
