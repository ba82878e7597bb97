#include "services/gbizid/corporation_source.h"

#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "psm/corporations/v1/corporations.grpc.pb.h"
#include "services/codes/corporate_number.h"

namespace psm::gbizid {
namespace {

using corporations::v1::CorporationsService;

absl::Status NotInBeing(absl::string_view reason) {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, reason,
                         "the registry has no such corporation in being");
}

absl::Status Unavailable(const absl::Status& status) {
  LogWarning("corporation_not_learnt",
             {{"code", absl::StatusCodeToString(status.code())},
              {"reason", ReasonOf(status)}});
  return agency::Refusal(
      absl::StatusCode::kUnavailable, "CORPORATIONS_UNAVAILABLE",
      "the registry of corporations does not answer; try again");
}

}  // namespace

absl::Status CheckInBeing(CorporationSource& source,
                          const agency::CallContext* call,
                          const std::string& corporate_number) {
  if (corporate_number.empty()) return absl::OkStatus();
  return source.InBeing(call, corporate_number).status();
}

absl::StatusOr<CorporationSource::Corporation> ReadRegistered(
    const corporations::v1::GetCorporationResponse& found) {
  if (found.status() == corporations::v1::MERGED)
    return NotInBeing("CORPORATION_MERGED");
  if (found.status() == corporations::v1::DISSOLVED)
    return NotInBeing("CORPORATION_DISSOLVED");
  // Every corporation has a name and a representative: an answer without one is
  // an agreement that does not grant it, and nothing to compare with.
  if (found.status() != corporations::v1::ACTIVE || found.name().empty() ||
      found.representative().empty())
    return Unavailable(absl::InternalError("an attribute is missing"));
  return CorporationSource::Corporation{found.name(), found.representative()};
}

absl::StatusOr<CorporationSource::Corporation> RegistryCorporations::InBeing(
    const agency::CallContext* call, const std::string& corporate_number) {
  if (!IsCorporateNumber(corporate_number))
    return NotInBeing("CORPORATION_UNKNOWN");
  corporations::v1::GetCorporationRequest request;
  request.set_corporate_number(corporate_number);
  corporations::v1::GetCorporationResponse response;
  const absl::Status status =
      agency::Call(gateway_, &CorporationsService::Stub::GetCorporation,
                   {.parent = call,
                    .affair = "corporate-information",
                    .timeout = absl::Seconds(5)},
                   request, &response);
  if (ReasonOf(status) == "CORPORATION_UNKNOWN")
    return NotInBeing("CORPORATION_UNKNOWN");
  if (!status.ok()) return Unavailable(status);
  return ReadRegistered(response);
}

}  // namespace psm::gbizid
