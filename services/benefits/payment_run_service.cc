#include "services/benefits/payment_run_service.h"

#include "mesh/agency/answers.h"
#include "mesh/agency/call_context.h"

namespace psm {

grpc::Status PaymentRunService::StartPaymentRun(
    grpc::ServerContext* context,
    const benefits::v1::StartPaymentRunRequest* request,
    benefits::v1::StartPaymentRunResponse* response) {
  return agency::Reply(
      runs_.Start(agency::CallContext::From(*context), *request), response);
}

grpc::Status PaymentRunService::GetPaymentRun(
    grpc::ServerContext*, const benefits::v1::GetPaymentRunRequest* request,
    benefits::v1::GetPaymentRunResponse* response) {
  return agency::Reply(runs_.Get(*request), response);
}

grpc::Status PaymentRunService::PayRun(
    grpc::ServerContext* context, const benefits::v1::PayRunRequest* request,
    benefits::v1::PayRunResponse* response) {
  return agency::Reply(runs_.Pay(agency::CallContext::From(*context), *request),
                       response);
}

grpc::Status PaymentRunService::ListReexaminations(
    grpc::ServerContext* context,
    const benefits::v1::ListReexaminationsRequest*,
    benefits::v1::ListReexaminationsResponse* response) {
  // All of an item but the person is of one attribute.
  if (!agency::CallContext::From(*context).Grants("application"))
    return grpc::Status::OK;
  return agency::Reply(reexaminations_.List(), response);
}

grpc::Status PaymentRunService::ReexamineApplication(
    grpc::ServerContext* context,
    const benefits::v1::ReexamineApplicationRequest* request,
    benefits::v1::ReexamineApplicationResponse* response) {
  return agency::Reply(
      reexaminations_.Reexamine(agency::CallContext::From(*context), *request),
      response);
}

grpc::Status PaymentRunService::TakeReturnFile(
    grpc::ServerContext* context,
    const benefits::v1::TakeReturnFileRequest* request,
    benefits::v1::TakeReturnFileResponse* response) {
  return agency::Reply(
      returns_.Take(agency::CallContext::From(*context), *request), response);
}

}  // namespace psm
