#include "mesh/agency/record_pages.h"

#include <string>

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "psm/records/v1/records_service.grpc.pb.h"

namespace psm::agency {

absl::StatusOr<records::v1::ListRecordsResponse> MeshRecordPages::List(
    const CallContext& call, const records::v1::ListRecordsRequest& request) {
  records::v1::ListRecordsResponse response;
  PSM_RETURN_IF_ERROR(Call(
      gateway_, &records::v1::RecordsService::Stub::ListRecords,
      {.parent = &call, .affair = "disclose-records"}, request, &response));
  return response;
}

absl::Status AfterListing(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == "PAGE_TOKEN_INVALID") {
    return Refusal(absl::StatusCode::kInvalidArgument, reason,
                   "use the page token of the previous page, or none");
  }
  LogWarning(
      "records_not_listed",
      {{"code", absl::StatusCodeToString(status.code())}, {"reason", reason}});
  return Refusal(absl::StatusCode::kUnavailable, "RECORDS_UNAVAILABLE",
                 "the records cannot be read now: try again later");
}

}  // namespace psm::agency
