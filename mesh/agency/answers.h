// A handler's result on its way to gRPC, and to and from what Database::Once
// keeps.
#ifndef PSM_MESH_AGENCY_ANSWERS_H_
#define PSM_MESH_AGENCY_ANSWERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/support/status.h"
#include "mesh/agency/call_context.h"

namespace psm::agency {

// Moves the value of `result` to `response`, or gives its status.
template <typename Response>
grpc::Status Reply(absl::StatusOr<Response> result, Response* response) {
  if (!result.ok()) return ToGrpc(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

// An answer that Database::Once or Database::Answered gave. Its error, or
// INTERNAL where what was kept is no such message.
template <typename Response>
absl::StatusOr<Response> ParseAnswer(const absl::StatusOr<std::string>& kept) {
  if (!kept.ok()) return kept.status();
  Response response;
  if (!response.ParseFromString(*kept))
    return absl::InternalError("a kept answer does not parse");
  return response;
}

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_ANSWERS_H_
