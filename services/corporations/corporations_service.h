// CorporationsService over the registry: what the gateway may call.
#ifndef PSM_SERVICES_CORPORATIONS_CORPORATIONS_SERVICE_H_
#define PSM_SERVICES_CORPORATIONS_CORPORATIONS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/corporations/v1/corporations.grpc.pb.h"
#include "services/corporations/address_reader.h"
#include "services/corporations/corporation_list.h"
#include "services/corporations/corporation_register.h"
#include "services/corporations/registration.h"

namespace psm::corporations {

// Answers with the granted attributes alone. Thread-safe. All parts must
// outlive the service.
class CorporationsService final : public v1::CorporationsService::Service {
 public:
  struct Parts {
    CorporationRegister* corporations;
    CorporationList* list;
    Registration* registration;
    AddressReader* addresses;
    const Clock* clock;
  };

  explicit CorporationsService(const Parts& parts) : parts_(parts) {}

  grpc::Status GetCorporation(grpc::ServerContext* context,
                              const v1::GetCorporationRequest* request,
                              v1::GetCorporationResponse* response) override;
  grpc::Status GetHistory(grpc::ServerContext* context,
                          const v1::GetHistoryRequest* request,
                          v1::GetHistoryResponse* response) override;
  grpc::Status SearchCorporations(
      grpc::ServerContext* context,
      const v1::SearchCorporationsRequest* request,
      v1::SearchCorporationsResponse* response) override;
  grpc::Status ListChanges(grpc::ServerContext* context,
                           const v1::ListChangesRequest* request,
                           v1::ListChangesResponse* response) override;
  grpc::Status RegisterChange(grpc::ServerContext* context,
                              const v1::RegisterChangeRequest* request,
                              v1::RegisterChangeResponse* response) override;

 private:
  absl::StatusOr<v1::RegisterChangeResponse> Register(
      const agency::CallContext& call,
      const v1::RegisterChangeRequest& request);

  const Parts parts_;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_CORPORATIONS_SERVICE_H_
