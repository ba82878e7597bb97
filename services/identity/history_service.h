// A person's history of exchanges, from the mesh's own records: identity adds
// nothing and keeps nothing.
#ifndef PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_
#define PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "services/identity/mesh_services.h"

namespace psm::identity {

// Thread-safe. `records` must outlive it.
class HistoryService final : public v1::HistoryService::Service {
 public:
  explicit HistoryService(PersonRecords* records) : records_(records) {}

  grpc::Status ListHistory(grpc::ServerContext* context,
                           const v1::ListHistoryRequest* request,
                           v1::ListHistoryResponse* response) override;

 private:
  absl::StatusOr<v1::ListHistoryResponse> List(
      const agency::CallContext& call, const v1::ListHistoryRequest& request);

  PersonRecords* const records_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_
