#include "services/tax/residence_source.h"

#include "absl/strings/str_cat.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "psm/residents/v1/residents.grpc.pb.h"

namespace psm {

absl::StatusOr<bool> RegisterResidence::LivedHere(
    const agency::CallContext& call, absl::string_view subject,
    absl::CivilDay day) {
  residents::v1::GetHouseholdRequest request;
  request.set_subject(std::string(subject));
  request.set_as_of_date(absl::FormatCivilTime(day));
  residents::v1::GetHouseholdResponse response;
  const absl::Status status = agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetHousehold,
      {.parent = &call,
       .affair = "residence-tax",
       .provider = absl::StrCat(agency_id_, "/residents")},
      request, &response);
  if (status.ok()) return true;
  if (ReasonOf(status) == "NOT_A_RESIDENT") return false;
  LogWarning("residence_not_learnt",
             {{"code", absl::StatusCodeToString(status.code())},
              {"reason", ReasonOf(status)}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "RESIDENCE_UNKNOWN",
                         "the resident register did not answer");
}

}  // namespace psm
