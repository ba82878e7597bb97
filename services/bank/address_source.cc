#include "services/bank/address_source.h"

#include "grpcpp/client_context.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm::bank {

absl::StatusOr<std::string> MeshAddressSource::GetAddress(
    const agency::CallContext& call, absl::string_view token) {
  const std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(&call, "customer-address");
  context->AddMetadata("psm-consent", std::string(token));
  if (IsUuid(call.exchange_id))  // gRPC ends the process on hostile metadata
    context->AddMetadata("psm-exchange-id", call.exchange_id);
  // A relying party leaves the subject empty: the token names the person.
  const identity::v1::GetBasicItemsRequest request;
  identity::v1::GetBasicItemsResponse response;
  PSM_RETURN_IF_ERROR(
      agency::FromGrpc(identity::v1::BasicItemsService::NewStub(gateway_())
                           ->GetBasicItems(context.get(), request, &response)));
  return response.address();
}

}  // namespace psm::bank
