#include "services/identity/history_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {
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

grpc::Status HistoryService::ListHistory(grpc::ServerContext* context,
                                         const v1::ListHistoryRequest* request,
                                         v1::ListHistoryResponse* response) {
  return agency::Reply(List(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::ListHistoryResponse> HistoryService::List(
    const agency::CallContext& call, const v1::ListHistoryRequest& request) {
  if (representations_ != nullptr) {
    PSM_RETURN_IF_ERROR(representations_->CheckActing(call, request.subject()));
  }
  v1::ListHistoryResponse response;
  if (!call.Grants("records")) return response;
  records::v1::ListRecordsRequest wanted;
  wanted.set_subject(request.subject());
  if (request.has_start_time())
    *wanted.mutable_start_time() = request.start_time();
  if (request.has_end_time()) *wanted.mutable_end_time() = request.end_time();
  wanted.set_page_size(std::max(0, request.page_size()));
  wanted.set_page_token(request.page_token());
  absl::StatusOr<records::v1::ListRecordsResponse> page =
      records_->List(call, wanted);
  if (!page.ok()) return AfterListing(page.status());
  response.mutable_records()->Swap(page->mutable_records());
  response.mutable_texts()->Swap(page->mutable_texts());
  response.set_next_page_token(page->next_page_token());
  return response;
}

}  // namespace psm::identity
