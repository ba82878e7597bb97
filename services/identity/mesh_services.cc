#include "services/identity/mesh_services.h"

#include "grpcpp/client_context.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/disclosure/v1/disclosure.grpc.pb.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::identity {

absl::StatusOr<std::string> MeshServices::Disclose(
    const agency::CallContext& call, const Disclosure& disclosure) {
  const std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(&call, disclosure.affair);
  if (IsUuid(call.exchange_id))  // gRPC ends the process on hostile metadata
    context->AddMetadata("psm-exchange-id", call.exchange_id);
  disclosure::v1::DiscloseRequest request;
  request.set_audience(disclosure.audience);
  request.set_subject(disclosure.subject);
  request.set_method(disclosure.method);
  for (const std::string& attribute : disclosure.attributes)
    request.add_attributes(attribute);
  disclosure::v1::DiscloseResponse response;
  PSM_RETURN_IF_ERROR(
      agency::FromGrpc(disclosure::v1::DisclosureService::NewStub(gateway_())
                           ->Disclose(context.get(), request, &response)));
  return response.code();
}

absl::StatusOr<records::v1::ListRecordsResponse> MeshServices::List(
    const agency::CallContext& call,
    const records::v1::ListRecordsRequest& request) {
  const std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(&call, "disclose-records");
  records::v1::ListRecordsResponse response;
  PSM_RETURN_IF_ERROR(
      agency::FromGrpc(records::v1::RecordsService::NewStub(gateway_())
                           ->ListRecords(context.get(), request, &response)));
  return response;
}

}  // namespace psm::identity
