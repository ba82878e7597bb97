// The mesh lets gbizid read any corporation's records, so it is gbizid that
// must see that the session is that corporation's own Prime's. Who acts for it
// under a delegation, and its Members, do not read what others asked about it.
#include "services/gbizid/history_service.h"

#include <utility>

#include "mesh/base/status_macros.h"
#include "services/gbizid/reply.h"

namespace psm::gbizid {

grpc::Status BusinessHistoryService::ListBusinessHistory(
    grpc::ServerContext* context, const v1::ListBusinessHistoryRequest* request,
    v1::ListBusinessHistoryResponse* response) {
  return Reply(*context, *this, &BusinessHistoryService::List, *request,
               response);
}

absl::StatusOr<v1::ListBusinessHistoryResponse> BusinessHistoryService::List(
    const agency::CallContext& call,
    const v1::ListBusinessHistoryRequest& request) {
  v1::Account prime;
  PSM_RETURN_IF_ERROR(
      parts_.database->Read([&](soci::session& sql) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(prime,
                             parts_.sessions().PrimeOf(sql, request.session(),
                                                       parts_.clock->Now()));
        return absl::OkStatus();
      }));
  if (request.corporate_number().empty() ||
      request.corporate_number() != prime.corporate_number())
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "PRIME_REQUIRED",
                           "a corporation's history is its own Prime's");
  records::v1::ListRecordsRequest whose;
  whose.set_corporation(prime.corporate_number());
  return agency::ReadPage<v1::ListBusinessHistoryResponse>(
      records_, call, std::move(whose), request);
}

}  // namespace psm::gbizid
