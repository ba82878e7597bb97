// A person's history of exchanges, from the mesh's own records: identity adds
// nothing and keeps nothing.
#ifndef PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_
#define PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "services/identity/mesh_services.h"
#include "services/identity/representations.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class HistoryService final : public v1::HistoryService::Service {
 public:
  // `representations` says who acts for the person, where the affair is a
  // representative's. Null: nobody does (tests).
  explicit HistoryService(PersonRecords* records,
                          Representations* representations = nullptr)
      : records_(records), representations_(representations) {}

  grpc::Status ListHistory(grpc::ServerContext* context,
                           const v1::ListHistoryRequest* request,
                           v1::ListHistoryResponse* response) override;

 private:
  absl::StatusOr<v1::ListHistoryResponse> List(
      const agency::CallContext& call, const v1::ListHistoryRequest& request);

  PersonRecords* const records_;
  Representations* const representations_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_
