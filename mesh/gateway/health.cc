#include "mesh/gateway/health.h"

#include <algorithm>

#include "grpc/health/v1/health.pb.h"
#include "mesh/base/error.h"
#include "mesh/gateway/own_methods.h"

namespace psm {

absl::StatusOr<std::string> CheckHealth(RecordLog& log,
                                        const ContractSet& contracts,
                                        const std::string& request) {
  grpc::health::v1::HealthCheckRequest question;
  if (!question.ParseFromString(request)) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MESSAGE_MALFORMED",
                     Party::kConsumer,
                     "the request is not a HealthCheckRequest");
  }
  const std::string& service = question.service();
  const bool carried = std::any_of(
      contracts.methods().begin(), contracts.methods().end(),
      [&](const MethodPlan* plan) { return plan->service == service; });
  const bool own = std::any_of(
      OwnMethods().begin(), OwnMethods().end(),
      [&](const OwnMethod& method) { return method.service() == service; });
  if (!service.empty() && !carried && !own) {
    return MakeError(absl::StatusCode::kNotFound, "UNKNOWN_METHOD",
                     Party::kConsumer, "no such service here");
  }
  grpc::health::v1::HealthCheckResponse answer;
  answer.set_status(log.Health().ok()
                        ? grpc::health::v1::HealthCheckResponse::SERVING
                        : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  return answer.SerializeAsString();
}

}  // namespace psm
