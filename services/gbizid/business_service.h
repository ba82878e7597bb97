// BusinessService over a register: what the gateway may call.
#ifndef PSM_SERVICES_GBIZID_BUSINESS_SERVICE_H_
#define PSM_SERVICES_GBIZID_BUSINESS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/gbizid/v1/gbizid.grpc.pb.h"
#include "services/gbizid/business_register.h"

namespace psm {

// Answers with the granted attributes alone. Thread-safe. `businesses` must
// outlive the service.
class BusinessService final : public gbizid::v1::BusinessService::Service {
 public:
  explicit BusinessService(BusinessRegister* businesses)
      : businesses_(*businesses) {}

  grpc::Status GetBusiness(grpc::ServerContext* context,
                           const gbizid::v1::GetBusinessRequest* request,
                           gbizid::v1::GetBusinessResponse* response) override;

 private:
  BusinessRegister& businesses_;
};

}  // namespace psm

#endif  // PSM_SERVICES_GBIZID_BUSINESS_SERVICE_H_
