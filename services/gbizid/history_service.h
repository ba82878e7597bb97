// A corporation reads what the mesh recorded about it, and about no other.
#ifndef PSM_SERVICES_GBIZID_HISTORY_SERVICE_H_
#define PSM_SERVICES_GBIZID_HISTORY_SERVICE_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/history.grpc.pb.h"
#include "psm/records/v1/records_service.pb.h"
#include "services/gbizid/desk_parts.h"

namespace psm::gbizid {

// RecordsService of the mesh. Thread-safe.
class CorporationRecords {
 public:
  virtual ~CorporationRecords() = default;

  // Errors as the gateway gave them.
  virtual absl::StatusOr<records::v1::ListRecordsResponse> List(
      const agency::CallContext& call,
      const records::v1::ListRecordsRequest& request) = 0;
};

// The same over gRPC.
class MeshCorporationRecords final : public CorporationRecords {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit MeshCorporationRecords(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<records::v1::ListRecordsResponse> List(
      const agency::CallContext& call,
      const records::v1::ListRecordsRequest& request) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

// Answers with the granted attributes alone. Thread-safe. What it is given must
// outlive it.
class BusinessHistoryService final
    : public v1::BusinessHistoryService::Service {
 public:
  BusinessHistoryService(const DeskParts& parts, CorporationRecords* records)
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
  CorporationRecords& records_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_HISTORY_SERVICE_H_
