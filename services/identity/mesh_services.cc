#include "services/identity/mesh_services.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/status_macros.h"
#include "psm/disclosure/v1/disclosure.grpc.pb.h"

namespace psm::identity {

absl::StatusOr<std::string> MeshServices::Disclose(
    const agency::CallContext& call, const Disclosure& disclosure) {
  disclosure::v1::DiscloseRequest request;
  request.set_audience(disclosure.audience);
  request.set_subject(disclosure.subject);
  request.set_method(disclosure.method);
  for (const std::string& attribute : disclosure.attributes)
    request.add_attributes(attribute);
  if (disclosure.duration > absl::ZeroDuration()) {
    request.mutable_duration()->set_seconds(
        absl::ToInt64Seconds(disclosure.duration));
  }
  disclosure::v1::DiscloseResponse response;
  PSM_RETURN_IF_ERROR(
      agency::Call(gateway_, &disclosure::v1::DisclosureService::Stub::Disclose,
                   {.parent = &call,
                    .affair = disclosure.affair,
                    .exchange_id = call.exchange_id},
                   request, &response));
  return response.code();
}

}  // namespace psm::identity
