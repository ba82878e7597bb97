// From a desk's result to what gRPC wants.
#ifndef PSM_SERVICES_GBIZID_REPLY_H_
#define PSM_SERVICES_GBIZID_REPLY_H_

#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "mesh/agency/call_context.h"
#include "psm/annotations/v1/annotations.pb.h"

namespace psm::gbizid {

// Clears each field at the top of `answer` whose attribute the agreement does
// not grant.
inline void KeepGranted(const agency::CallContext& call,
                        google::protobuf::Message& answer) {
  const google::protobuf::Descriptor& type = *answer.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& contract =
        type.field(i)->options().GetExtension(annotations::v1::field);
    if (!contract.attribute().empty() && !call.Grants(contract.attribute()))
      answer.GetReflection()->ClearField(&answer, type.field(i));
  }
}

// Has a desk answer one call.
template <typename Desk, typename Request, typename Response>
grpc::Status Reply(grpc::ServerContext& context, Desk& desk,
                   absl::StatusOr<Response> (Desk::*method)(
                       const agency::CallContext&, const Request&),
                   const Request& request, Response* response) {
  const auto call = agency::CallContext::From(context);
  absl::StatusOr<Response> answer = (desk.*method)(call, request);
  if (!answer.ok()) return agency::ToGrpc(answer.status());
  KeepGranted(call, *answer);
  *response = *std::move(answer);
  return grpc::Status::OK;
}

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_REPLY_H_
