// From a desk's result to what gRPC wants.
#ifndef PSM_SERVICES_BENEFITS_REPLY_H_
#define PSM_SERVICES_BENEFITS_REPLY_H_

#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/support/status.h"
#include "mesh/agency/call_context.h"

namespace psm {

// Moves the value of `result` to `response`, or gives its status.
template <typename Response>
grpc::Status ReplyWith(absl::StatusOr<Response> result, Response* response) {
  if (!result.ok()) return agency::ToGrpc(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_REPLY_H_
