// CorrectionsService over the requests.
#ifndef PSM_SERVICES_TAX_CORRECTIONS_SERVICE_H_
#define PSM_SERVICES_TAX_CORRECTIONS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/tax/v1/corrections.grpc.pb.h"
#include "services/tax/correction_requests.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class CorrectionsService final : public tax::v1::CorrectionsService::Service {
 public:
  CorrectionsService(CorrectionRequests* requests, const Clock* clock)
      : requests_(*requests), clock_(*clock) {}

  grpc::Status RequestCorrection(
      grpc::ServerContext* context,
      const tax::v1::RequestCorrectionRequest* request,
      tax::v1::RequestCorrectionResponse* response) override;
  grpc::Status ListCorrectionRequests(
      grpc::ServerContext* context,
      const tax::v1::ListCorrectionRequestsRequest* request,
      tax::v1::ListCorrectionRequestsResponse* response) override;
  grpc::Status DecideCorrection(
      grpc::ServerContext* context,
      const tax::v1::DecideCorrectionRequest* request,
      tax::v1::DecideCorrectionResponse* response) override;

 private:
  CorrectionRequests& requests_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_CORRECTIONS_SERVICE_H_
