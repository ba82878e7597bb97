// AddressesService over a gazetteer: what the gateway may call.
#ifndef PSM_SERVICES_ADDRESSES_ADDRESSES_SERVICE_H_
#define PSM_SERVICES_ADDRESSES_ADDRESSES_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/addresses/v1/addresses.grpc.pb.h"
#include "services/addresses/gazetteer.h"

namespace psm::addresses {

// Stores and logs nothing of what it is asked. Thread-safe. `places` must
// outlive the service.
class AddressesService final : public v1::AddressesService::Service {
 public:
  explicit AddressesService(const Gazetteer* places) : places_(*places) {}

  grpc::Status ListPrefectures(grpc::ServerContext* context,
                               const v1::ListPrefecturesRequest* request,
                               v1::ListPrefecturesResponse* response) override;
  grpc::Status ListMunicipalities(
      grpc::ServerContext* context,
      const v1::ListMunicipalitiesRequest* request,
      v1::ListMunicipalitiesResponse* response) override;
  grpc::Status ListTowns(grpc::ServerContext* context,
                         const v1::ListTownsRequest* request,
                         v1::ListTownsResponse* response) override;
  grpc::Status NormalizeAddress(
      grpc::ServerContext* context, const v1::NormalizeAddressRequest* request,
      v1::NormalizeAddressResponse* response) override;

 private:
  const Gazetteer& places_;
};

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_ADDRESSES_SERVICE_H_
