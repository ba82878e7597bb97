#include "services/gbizid/representatives.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm::gbizid {

absl::StatusOr<std::string> IdentityRepresentatives::NameOf(
    const agency::CallContext& call, const std::string& subject) {
  identity::v1::GetBasicItemsRequest request;
  request.set_subject(subject);
  identity::v1::GetBasicItemsResponse response;
  const absl::Status error = agency::Call(
      gateway_, &identity::v1::BasicItemsService::Stub::GetBasicItems,
      {.parent = &call,
       .affair = "business-account",
       .timeout = absl::Seconds(5)},
      request, &response);
  if (error.ok() && !response.name().empty()) return response.name();
  LogWarning("name_unavailable",
             {{"code", absl::StatusCodeToString(error.code())},
              {"reason", ReasonOf(error)}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "NAME_UNAVAILABLE",
                         "identity does not give the person's name now");
}

}  // namespace psm::gbizid
