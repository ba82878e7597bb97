#include "services/benefits/payment_run_service.h"

#include "mesh/agency/call_context.h"
#include "services/benefits/reply.h"

namespace psm {

grpc::Status PaymentRunService::StartPaymentRun(
    grpc::ServerContext* context,
    const benefits::v1::StartPaymentRunRequest* request,
    benefits::v1::StartPaymentRunResponse* response) {
  return ReplyWith(runs_.Start(agency::CallContext::From(*context), *request),
                   response);
}

grpc::Status PaymentRunService::GetPaymentRun(
    grpc::ServerContext*, const benefits::v1::GetPaymentRunRequest* request,
    benefits::v1::GetPaymentRunResponse* response) {
  return ReplyWith(runs_.Get(*request), response);
}

grpc::Status PaymentRunService::PayRun(
    grpc::ServerContext* context, const benefits::v1::PayRunRequest* request,
    benefits::v1::PayRunResponse* response) {
  return ReplyWith(runs_.Pay(agency::CallContext::From(*context), *request),
                   response);
}

grpc::Status PaymentRunService::TakeReturnFile(
    grpc::ServerContext* context,
    const benefits::v1::TakeReturnFileRequest* request,
    benefits::v1::TakeReturnFileResponse* response) {
  return ReplyWith(returns_.Take(agency::CallContext::From(*context), *request),
                   response);
}

}  // namespace psm
