#include "services/moving/municipalities.h"

#include "absl/strings/str_cat.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"

namespace psm::moving {
namespace {

agency::CallTerms Terms(const agency::CallContext& call,
                        absl::string_view municipality,
                        const std::string& exchange_id) {
  return {.parent = &call,
          .affair = "one-stop-moving",
          .provider = absl::StrCat(municipality, "/residents"),
          .exchange_id = exchange_id};
}

}  // namespace

absl::Status MeshMunicipalities::Reach(const agency::CallContext& call,
                                       absl::string_view municipality,
                                       const std::string& exchange_id,
                                       const std::string& subject) {
  residents::v1::GetHouseholdRequest request;
  request.set_subject(subject);
  residents::v1::GetHouseholdResponse response;
  const absl::Status status = agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetHousehold,
      Terms(call, municipality, exchange_id), request, &response);
  return ReasonOf(status) == "NOT_A_RESIDENT" ? absl::OkStatus() : status;
}

absl::StatusOr<residents::v1::NotifyMoveOutResponse>
MeshMunicipalities::NotifyMoveOut(
    const agency::CallContext& call, absl::string_view municipality,
    const std::string& exchange_id,
    const residents::v1::NotifyMoveOutRequest& request) {
  residents::v1::NotifyMoveOutResponse response;
  PSM_RETURN_IF_ERROR(agency::Call(
      gateway_, &residents::v1::NoticesService::Stub::NotifyMoveOut,
      Terms(call, municipality, exchange_id), request, &response));
  return response;
}

absl::Status MeshMunicipalities::AnnounceMoveIn(
    const agency::CallContext& call, absl::string_view municipality,
    const std::string& exchange_id,
    const residents::v1::AnnounceMoveInRequest& request) {
  residents::v1::AnnounceMoveInResponse response;
  return agency::Call(
      gateway_, &residents::v1::NoticesService::Stub::AnnounceMoveIn,
      Terms(call, municipality, exchange_id), request, &response);
}

absl::Status MeshMunicipalities::WithdrawAnnouncement(
    const agency::CallContext& call, absl::string_view municipality,
    const std::string& exchange_id,
    const residents::v1::WithdrawAnnouncementRequest& request) {
  residents::v1::WithdrawAnnouncementResponse response;
  return agency::Call(
      gateway_, &residents::v1::NoticesService::Stub::WithdrawAnnouncement,
      Terms(call, municipality, exchange_id), request, &response);
}

absl::Status MeshMunicipalities::WithdrawMoveOut(
    const agency::CallContext& call, absl::string_view municipality,
    const std::string& exchange_id,
    const residents::v1::WithdrawMoveOutRequest& request) {
  residents::v1::WithdrawMoveOutResponse response;
  return agency::Call(
      gateway_, &residents::v1::NoticesService::Stub::WithdrawMoveOut,
      Terms(call, municipality, exchange_id), request, &response);
}

}  // namespace psm::moving
