// A corporation reads what the mesh recorded about it, and about no other.
#ifndef PSM_SERVICES_GBIZID_HISTORY_SERVICE_H_
#define PSM_SERVICES_GBIZID_HISTORY_SERVICE_H_

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/record_pages.h"
#include "psm/gbizid/v1/history.grpc.pb.h"
#include "services/gbizid/desk_parts.h"

namespace psm::gbizid {

// Answers with the granted attributes alone. Thread-safe. What it is given must
// outlive it.
class BusinessHistoryService final
    : public v1::BusinessHistoryService::Service {
 public:
  BusinessHistoryService(const DeskParts& parts, agency::RecordPages* records)
      : parts_(parts), records_(*records) {}

  grpc::Status ListBusinessHistory(
      grpc::ServerContext* context,
      const v1::ListBusinessHistoryRequest* request,
      v1::ListBusinessHistoryResponse* response) override;

  // Refusals as the contract says.
  absl::StatusOr<v1::ListBusinessHistoryResponse> List(
      const agency::CallContext& call,
      const v1::ListBusinessHistoryRequest& request);

 private:
  const DeskParts parts_;
  agency::RecordPages& records_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_HISTORY_SERVICE_H_
