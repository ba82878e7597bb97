// The mesh lets gbizid read any corporation's records, so it is gbizid that
// must see that the session is that corporation's own Prime's. Who acts for it
// under a delegation, and its Members, do not read what others asked about it.
#include "services/gbizid/history_service.h"

#include <algorithm>
#include <string>

#include "mesh/agency/answers.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "psm/records/v1/records_service.grpc.pb.h"
#include "services/gbizid/reply.h"

namespace psm::gbizid {
namespace {

absl::Status AfterListing(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "PAGE_TOKEN_INVALID") {
    return agency::Refusal(absl::StatusCode::kInvalidArgument, reason,
                           "use the page token of the previous page, or none");
  }
  LogWarning(
      "records_not_listed",
      {{"code", absl::StatusCodeToString(status.code())}, {"reason", reason}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                         "the records cannot be read now: try again later");
}

}  // namespace

absl::StatusOr<records::v1::ListRecordsResponse> MeshCorporationRecords::List(
    const agency::CallContext& call,
    const records::v1::ListRecordsRequest& request) {
  records::v1::ListRecordsResponse response;
  PSM_RETURN_IF_ERROR(agency::Call(
      gateway_, &records::v1::RecordsService::Stub::ListRecords,
      {.parent = &call, .affair = "disclose-records"}, request, &response));
  return response;
}

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
  records::v1::ListRecordsRequest wanted;
  wanted.set_corporation(prime.corporate_number());
  if (request.has_start_time())
    *wanted.mutable_start_time() = request.start_time();
  if (request.has_end_time()) *wanted.mutable_end_time() = request.end_time();
  wanted.set_page_size(std::max(0, request.page_size()));
  wanted.set_page_token(request.page_token());
  absl::StatusOr<records::v1::ListRecordsResponse> page =
      records_.List(call, wanted);
  if (!page.ok()) return AfterListing(page.status());
  v1::ListBusinessHistoryResponse response;
  response.mutable_records()->Swap(page->mutable_records());
  response.mutable_texts()->Swap(page->mutable_texts());
  response.set_next_page_token(page->next_page_token());
  return response;
}

}  // namespace psm::gbizid
