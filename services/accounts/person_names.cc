#include "services/accounts/person_names.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "psm/identity/v1/basic_items.grpc.pb.h"

namespace psm {
namespace {

constexpr char kAffair[] = "account-registration";
constexpr absl::Duration kTimeout = absl::Seconds(5);

}  // namespace

absl::StatusOr<std::string> IdentityNames::KanaOf(
    const agency::CallContext& call, absl::string_view subject) {
  identity::v1::GetBasicItemsRequest request;
  request.set_subject(std::string(subject));
  identity::v1::GetBasicItemsResponse response;
  const absl::Status error = agency::Call(
      gateway_, &identity::v1::BasicItemsService::Stub::GetBasicItems,
      {.parent = &call, .affair = kAffair, .timeout = kTimeout}, request,
      &response);
  if (error.ok() && !response.kana().empty()) return response.kana();
  LogWarning("name_unavailable",
             {{"code", absl::StatusCodeToString(error.code())},
              {"reason", ReasonOf(error)}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "NAME_UNAVAILABLE",
                         "identity does not give the person's name now");
}

}  // namespace psm
