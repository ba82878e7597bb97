// PrimeService over a desk: what the gateway may call.
#ifndef PSM_SERVICES_GBIZID_PRIME_SERVICE_H_
#define PSM_SERVICES_GBIZID_PRIME_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/gbizid/v1/prime_service.grpc.pb.h"
#include "services/gbizid/prime_desk.h"
#include "services/gbizid/recovery_desk.h"

namespace psm::gbizid {

// Answers with the granted attributes alone. Thread-safe. What it is given must
// outlive it.
class PrimeService final : public v1::PrimeService::Service {
 public:
  PrimeService(PrimeDesk* desk, RecoveryDesk* recoveries)
      : desk_(*desk), recoveries_(*recoveries) {}

  grpc::Status ApplyForPrime(grpc::ServerContext* context,
                             const v1::ApplyForPrimeRequest* request,
                             v1::ApplyForPrimeResponse* response) override;
  grpc::Status ApproveByCard(grpc::ServerContext* context,
                             const v1::ApproveByCardRequest* request,
                             v1::ApproveByCardResponse* response) override;
  grpc::Status ListApplications(
      grpc::ServerContext* context, const v1::ListApplicationsRequest* request,
      v1::ListApplicationsResponse* response) override;
  grpc::Status DecideApplication(
      grpc::ServerContext* context, const v1::DecideApplicationRequest* request,
      v1::DecideApplicationResponse* response) override;
  grpc::Status SetSuspended(grpc::ServerContext* context,
                            const v1::SetSuspendedRequest* request,
                            v1::SetSuspendedResponse* response) override;
  grpc::Status ShowAccount(grpc::ServerContext* context,
                           const v1::ShowAccountRequest* request,
                           v1::ShowAccountResponse* response) override;
  grpc::Status RecoverByCard(grpc::ServerContext* context,
                             const v1::RecoverByCardRequest* request,
                             v1::RecoverByCardResponse* response) override;
  grpc::Status ApproveRecovery(grpc::ServerContext* context,
                               const v1::ApproveRecoveryRequest* request,
                               v1::ApproveRecoveryResponse* response) override;

 private:
  PrimeDesk& desk_;
  RecoveryDesk& recoveries_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PRIME_SERVICE_H_
