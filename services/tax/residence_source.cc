#include "services/tax/residence_source.h"

#include "absl/strings/str_cat.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "psm/residents/v1/residents.grpc.pb.h"

namespace psm {

absl::StatusOr<std::optional<residents::v1::GetHouseholdResponse>>
RegisterResidence::Ask(const agency::CallContext& call, const char* affair,
                       absl::string_view subject, absl::CivilDay day) {
  residents::v1::GetHouseholdRequest request;
  request.set_subject(std::string(subject));
  request.set_as_of_date(absl::FormatCivilTime(day));
  residents::v1::GetHouseholdResponse response;
  const absl::Status status = agency::Call(
      gateway_, &residents::v1::ResidentsService::Stub::GetHousehold,
      {.parent = &call,
       .affair = affair,
       .provider = absl::StrCat(agency_id_, "/residents")},
      request, &response);
  if (status.ok()) return response;
  if (ReasonOf(status) == "NOT_A_RESIDENT") return std::nullopt;
  LogWarning("residence_not_learnt",
             {{"code", absl::StatusCodeToString(status.code())},
              {"reason", ReasonOf(status)}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "RESIDENCE_UNKNOWN",
                         "the resident register did not answer");
}

absl::StatusOr<bool> RegisterResidence::LivedHere(
    const agency::CallContext& call, absl::string_view subject,
    absl::CivilDay day) {
  PSM_ASSIGN_OR_RETURN(const auto household,
                       Ask(call, "residence-tax", subject, day));
  return household.has_value();
}

absl::StatusOr<std::optional<ResidenceSource::Resident>>
RegisterResidence::ResidentOn(const agency::CallContext& call,
                              absl::string_view subject, absl::CivilDay day) {
  PSM_ASSIGN_OR_RETURN(const auto household,
                       Ask(call, "link-check", subject, day));
  if (!household.has_value()) return std::nullopt;
  for (const residents::v1::Member& member : household->members()) {
    if (member.subject() == std::string(subject))
      return Resident{member.kana(), member.birth_date()};
  }
  return std::nullopt;
}

}  // namespace psm
