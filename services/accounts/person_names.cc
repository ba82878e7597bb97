#include "services/accounts/person_names.h"

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
  const std::unique_ptr<grpc::ClientContext> context =
      agency::Outgoing(&call, kAffair, kTimeout);
  const grpc::Status status =
      identity::v1::BasicItemsService::NewStub(gateway_())
          ->GetBasicItems(context.get(), request, &response);
  if (status.ok() && !response.kana().empty()) return response.kana();
  const absl::Status error = agency::FromGrpc(status);
  LogWarning("name_unavailable",
             {{"code", absl::StatusCodeToString(error.code())},
              {"reason", ReasonOf(error)}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "NAME_UNAVAILABLE",
                         "identity does not give the person's name now");
}

}  // namespace psm
