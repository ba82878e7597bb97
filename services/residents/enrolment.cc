#include "services/residents/enrolment.h"

#include "mesh/agency/derived_exchange_id.h"
#include "mesh/agency/gateway_call.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "psm/subjects/v1/subjects.grpc.pb.h"

namespace psm {

absl::StatusOr<std::string> MeshEnrolment::Enrol(
    const agency::CallContext& call) {
  subjects::v1::EnrolResponse response;
  // A retry of the notice asks again under the same id and so names the same
  // child.
  const absl::Status status = agency::Call(
      gateway_, &subjects::v1::SubjectsService::Stub::Enrol,
      {.parent = &call, .exchange_id = DerivedExchangeId(call, "enrol")},
      subjects::v1::EnrolRequest(), &response);
  if (status.ok() && !response.subject().empty()) return response.subject();
  LogWarning("person_not_enrolled",
             {{"code", absl::StatusCodeToString(status.code())},
              {"reason", ReasonOf(status)}});
  return agency::Refusal(absl::StatusCode::kUnavailable,
                         "ENROLMENT_UNAVAILABLE",
                         "the person could not be enrolled");
}

}  // namespace psm
