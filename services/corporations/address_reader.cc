#include "services/corporations/address_reader.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "psm/addresses/v1/addresses.grpc.pb.h"

namespace psm::corporations {

absl::StatusOr<v1::AddressIds> MeshAddressReader::IdsOf(
    const agency::CallContext& call, const std::string& address) {
  addresses::v1::NormalizeAddressRequest request;
  request.set_address(address);
  addresses::v1::NormalizeAddressResponse read;
  const absl::Status status = agency::Call(
      gateway_, &addresses::v1::AddressesService::Stub::NormalizeAddress,
      {.parent = &call, .affair = "corporate-registration"}, request, &read);
  if (ReasonOf(status) == "ADDRESS_MALFORMED")
    return agency::Refusal(absl::StatusCode::kInvalidArgument,
                           "ADDRESS_MALFORMED", "give an address in one line");
  if (!status.ok())
    return agency::Refusal(absl::StatusCode::kUnavailable,
                           "ADDRESSES_UNAVAILABLE",
                           "the registry of addresses gave no answer");
  if (read.level() < addresses::v1::NormalizeAddressResponse::TOWN)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "ADDRESS_NOT_UNDERSTOOD",
                           "the registry of addresses does not know its town");
  v1::AddressIds ids;
  ids.set_lg_code(read.town().lg_code());
  ids.set_machiaza_id(read.town().machiaza_id());
  ids.set_blk_id(read.blk_id());
  ids.set_rsdt_id(read.rsdt_id());
  return ids;
}

}  // namespace psm::corporations
