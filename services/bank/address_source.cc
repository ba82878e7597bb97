#include "services/bank/address_source.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/status_macros.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm::bank {

absl::StatusOr<std::string> MeshAddressSource::GetAddress(
    const agency::CallContext& call, absl::string_view token) {
  // A relying party leaves the subject empty: the token names the person.
  const identity::v1::GetBasicItemsRequest request;
  identity::v1::GetBasicItemsResponse response;
  PSM_RETURN_IF_ERROR(agency::Call(
      gateway_, &identity::v1::BasicItemsService::Stub::GetBasicItems,
      {.parent = &call,
       .affair = "customer-address",
       .consent = std::string(token),
       .exchange_id = call.exchange_id},
      request, &response));
  return response.address();
}

}  // namespace psm::bank
