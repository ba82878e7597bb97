#include "services/gbizid/disclosures.h"

#include "mesh/agency/gateway_call.h"
#include "psm/disclosure/v1/disclosure.grpc.pb.h"

namespace psm::gbizid {

absl::Status MeshDisclosures::Disclose(const Disclosure& disclosure) {
  disclosure::v1::DiscloseRequest request;
  request.set_audience(disclosure.audience);
  request.set_subject(disclosure.subject);
  request.set_method(disclosure.method);
  if (!disclosure.attribute.empty())
    request.add_attributes(disclosure.attribute);
  // The audience's code stays here: relying parties know accounts by names of
  // this provider.
  disclosure::v1::DiscloseResponse response;
  return agency::Call(
      gateway_, &disclosure::v1::DisclosureService::Stub::Disclose,
      {.affair = disclosure.affair, .timeout = absl::Seconds(5)}, request,
      &response);
}

}  // namespace psm::gbizid
