// Answers grpc.reflection.v1 (and v1alpha, which is the same on the wire) about
// everything the gateway serves.
#ifndef PSM_MESH_GATEWAY_REFLECTION_H_
#define PSM_MESH_GATEWAY_REFLECTION_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/contracts/plan.h"

namespace psm {

// One serialised ServerReflectionResponse for one serialised
// ServerReflectionRequest. What cannot be found, and bytes that do not parse,
// are answered as the protocol says, in an ErrorResponse.
std::string Reflect(const ContractSet& contracts, absl::string_view request);

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_REFLECTION_H_
