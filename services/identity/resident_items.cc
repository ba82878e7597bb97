#include "services/identity/resident_items.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/status_macros.h"
#include "psm/residents/v1/residents.grpc.pb.h"

namespace psm::identity {
namespace {

constexpr char kAffair[] = "card-items";
constexpr absl::Duration kPatience = absl::Seconds(5);

}  // namespace

absl::StatusOr<ItemsOfToday> RegisterItems::Of(const std::string& subject) {
  residents::v1::GetResidentRequest request;
  request.set_subject(subject);
  residents::v1::GetResidentResponse response;
  PSM_RETURN_IF_ERROR(agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetResident,
      {.affair = kAffair, .timeout = kPatience}, request, &response));
  if (response.name().empty() || response.kana().empty() ||
      response.address().empty())
    return absl::FailedPreconditionError("the register leaves items out");
  return ItemsOfToday{response.name(), response.kana(), response.address()};
}

}  // namespace psm::identity
