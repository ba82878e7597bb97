// A person's history of exchanges, from the mesh's own records: identity adds
// who acted for whom, and keeps nothing.
#ifndef PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_
#define PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/record_pages.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "services/identity/card_holders.h"
#include "services/identity/representations.h"

namespace psm::identity {

// Thread-safe. What it is given must outlive it.
class HistoryService final : public v1::HistoryService::Service {
 public:
  // `representations` and `holders` say who acted for whom. Null: that is not
  // said (tests).
  explicit HistoryService(agency::RecordPages* records,
                          Representations* representations = nullptr,
                          CardHolders* holders = nullptr)
      : records_(records),
        representations_(representations),
        holders_(holders) {}

  grpc::Status ListHistory(grpc::ServerContext* context,
                           const v1::ListHistoryRequest* request,
                           v1::ListHistoryResponse* response) override;

 private:
  absl::StatusOr<v1::ListHistoryResponse> List(
      const agency::CallContext& call, const v1::ListHistoryRequest& request);
  // Says who acted for `person`, or for whom the person acted, in the texts of
  // the records that name a representation. Names of people, and nothing else
  // of them.
  absl::Status SayWhoActed(const std::string& person,
                           v1::ListHistoryResponse& response);

  agency::RecordPages* const records_;
  Representations* const representations_;
  CardHolders* const holders_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_HISTORY_SERVICE_H_
