// ProtectionService over the decisions, and the mesh that enforces them.
#ifndef PSM_SERVICES_RESIDENTS_PROTECTION_SERVICE_H_
#define PSM_SERVICES_RESIDENTS_PROTECTION_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/residents/v1/protection.grpc.pb.h"
#include "services/residents/household_protection.h"
#include "services/residents/protection_flag.h"
#include "services/residents/protection_store.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class ProtectionService final
    : public residents::v1::ProtectionService::Service {
 public:
  ProtectionService(ProtectionStore* decisions, ProtectionFlag* flag,
                    HouseholdProtection* household, const Clock* clock)
      : decisions_(*decisions),
        flag_(*flag),
        household_(*household),
        clock_(*clock) {}

  // The mesh first, then the register: a crash between them protects. Those who
  // live with the person follow before it is answered; a retry goes on there.
  grpc::Status Protect(grpc::ServerContext* context,
                       const residents::v1::ProtectRequest* request,
                       residents::v1::ProtectResponse* response) override;
  // The register first, then the mesh, for the same reason; a retry tells the
  // mesh again.
  grpc::Status EndProtection(
      grpc::ServerContext* context,
      const residents::v1::EndProtectionRequest* request,
      residents::v1::EndProtectionResponse* response) override;
  grpc::Status AllowDesk(grpc::ServerContext* context,
                         const residents::v1::AllowDeskRequest* request,
                         residents::v1::AllowDeskResponse* response) override;
  grpc::Status ListProtectionDecisions(
      grpc::ServerContext* context,
      const residents::v1::ListProtectionDecisionsRequest* request,
      residents::v1::ListProtectionDecisionsResponse* response) override;

 private:
  ProtectionStore& decisions_;
  ProtectionFlag& flag_;
  HouseholdProtection& household_;
  Mutex mu_;  // one decision after the other: the mesh hears of each in order
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_PROTECTION_SERVICE_H_
