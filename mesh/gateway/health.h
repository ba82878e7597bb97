// grpc.health.v1 at the edge: serving means that records can be made durable.
#ifndef PSM_MESH_GATEWAY_HEALTH_H_
#define PSM_MESH_GATEWAY_HEALTH_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/contracts/plan.h"
#include "mesh/edge/stream_handler.h"
#include "mesh/records/record_log.h"

namespace psm {

// Answers Health/Check for "" and for every service that the gateway serves or
// carries: SERVING while the record log can append, else NOT_SERVING. NOT_FOUND
// for another service. Says nothing of providers: each answers for itself, in
// the exchange.
absl::StatusOr<std::string> CheckHealth(RecordLog& log,
                                        const ContractSet& contracts,
                                        const std::string& request);

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_HEALTH_H_
