// ResidentsService over a register: what the gateway may call.
#ifndef PSM_SERVICES_RESIDENTS_RESIDENTS_SERVICE_H_
#define PSM_SERVICES_RESIDENTS_RESIDENTS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/residents/protection_gate.h"
#include "services/residents/resident_register.h"

namespace psm {

// Answers with the granted attributes alone: what the gateway would drop is not
// sent to it. Thread-safe. What it is given must outlive it.
class ResidentsService final : public residents::v1::ResidentsService::Service {
 public:
  ResidentsService(ResidentRegister* residents, ProtectionGate* gate,
                   const Clock* clock)
      : residents_(residents), gate_(gate), clock_(clock) {}

  // The register is the source itself: `as_of_time` is now.
  grpc::Status GetHousehold(
      grpc::ServerContext* context,
      const residents::v1::GetHouseholdRequest* request,
      residents::v1::GetHouseholdResponse* response) override;
  grpc::Status GetResident(
      grpc::ServerContext* context,
      const residents::v1::GetResidentRequest* request,
      residents::v1::GetResidentResponse* response) override;
  grpc::Status GetResidentHistory(
      grpc::ServerContext* context,
      const residents::v1::GetResidentHistoryRequest* request,
      residents::v1::GetResidentHistoryResponse* response) override;

 private:
  ResidentRegister* const residents_;
  ProtectionGate* const gate_;
  const Clock* const clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_RESIDENTS_SERVICE_H_
