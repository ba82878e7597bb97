#include "services/tax/corrections_service.h"

#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/agency/call_context.h"

namespace psm {
grpc::Status CorrectionsService::RequestCorrection(
    grpc::ServerContext* context,
    const tax::v1::RequestCorrectionRequest* request,
    tax::v1::RequestCorrectionResponse* response) {
  return agency::Reply(requests_.Request(agency::CallContext::From(*context),
                                         *request, clock_.Now()),
                       response);
}

grpc::Status CorrectionsService::ListCorrectionRequests(
    grpc::ServerContext* context,
    const tax::v1::ListCorrectionRequestsRequest* request,
    tax::v1::ListCorrectionRequestsResponse* response) {
  const absl::Time now = clock_.Now();
  auto found = requests_.Of(request->subject(), now);
  if (!found.ok()) return agency::ToGrpc(found.status());
  if (!agency::CallContext::From(*context).Grants("correction"))
    found->clear_requests();
  found->mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(now));
  *response = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status CorrectionsService::DecideCorrection(
    grpc::ServerContext* context,
    const tax::v1::DecideCorrectionRequest* request,
    tax::v1::DecideCorrectionResponse* response) {
  return agency::Reply(requests_.Decide(agency::CallContext::From(*context),
                                        *request, clock_.Now()),
                       response);
}

}  // namespace psm
