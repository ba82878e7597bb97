// ProgrammesService over programmes as data and what agencies say: what the
// gateway may call.
#ifndef PSM_SERVICES_PROGRAMMES_PROGRAMMES_SERVICE_H_
#define PSM_SERVICES_PROGRAMMES_PROGRAMMES_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/programmes/v1/programmes.grpc.pb.h"
#include "services/programme_rules/programme.h"
#include "services/programmes/household_facts.h"

namespace psm {

// Keeps nothing. Thread-safe. All pointers must outlive the service.
class ProgrammesService final
    : public programmes::v1::ProgrammesService::Service {
 public:
  ProgrammesService(const ProgrammeSet* programmes, HouseholdFacts* facts,
                    const Clock* clock)
      : programmes_(*programmes), facts_(*facts), clock_(*clock) {}

  grpc::Status FindProgrammes(
      grpc::ServerContext* context,
      const programmes::v1::FindProgrammesRequest* request,
      programmes::v1::FindProgrammesResponse* response) override;

 private:
  absl::StatusOr<programmes::v1::FindProgrammesResponse> Find(
      const agency::CallContext& call,
      const programmes::v1::FindProgrammesRequest& request);

  const ProgrammeSet& programmes_;
  HouseholdFacts& facts_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_PROGRAMMES_PROGRAMMES_SERVICE_H_
