#include "services/benefits/benefits_service.h"

#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/agency/call_context.h"

namespace psm {

grpc::Status BenefitsService::ListProgrammes(
    grpc::ServerContext*, const benefits::v1::ListProgrammesRequest*,
    benefits::v1::ListProgrammesResponse* response) {
  *response = parts_.programmes->List();
  return grpc::Status::OK;
}

grpc::Status BenefitsService::StartApplication(
    grpc::ServerContext* context,
    const benefits::v1::StartApplicationRequest* request,
    benefits::v1::StartApplicationResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto started = parts_.desk->Start(call, *request);
  if (!started.ok()) return agency::ToGrpc(started.status());
  if (!call.Grants("application")) {
    started->clear_fields();
    started->clear_household_size();
    started->clear_papers();
    started->clear_missing_papers();
  }
  *response = *std::move(started);
  return grpc::Status::OK;
}

grpc::Status BenefitsService::ConfirmApplication(
    grpc::ServerContext* context,
    const benefits::v1::ConfirmApplicationRequest* request,
    benefits::v1::ConfirmApplicationResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto decided = parts_.decisions->Confirm(call, *request);
  if (!decided.ok()) return agency::ToGrpc(decided.status());
  if (!call.Grants("decision")) {
    benefits::v1::ConfirmApplicationResponse bare;
    if (decided->has_decision_time())
      *bare.mutable_decision_time() = decided->decision_time();
    *decided = std::move(bare);
  }
  *response = *std::move(decided);
  return grpc::Status::OK;
}

grpc::Status BenefitsService::WithdrawApplication(
    grpc::ServerContext* context,
    const benefits::v1::WithdrawApplicationRequest* request,
    benefits::v1::WithdrawApplicationResponse* response) {
  return agency::Reply(
      parts_.decisions->Withdraw(agency::CallContext::From(*context), *request),
      response);
}

grpc::Status BenefitsService::EnterPaper(
    grpc::ServerContext* context,
    const benefits::v1::EnterPaperRequest* request,
    benefits::v1::EnterPaperResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto entered = parts_.decisions->EnterPaper(call, *request);
  if (entered.ok() && !call.Grants("decision")) entered->clear_decision();
  return agency::Reply(std::move(entered), response);
}

grpc::Status BenefitsService::ObjectToDecision(
    grpc::ServerContext* context,
    const benefits::v1::ObjectToDecisionRequest* request,
    benefits::v1::ObjectToDecisionResponse* response) {
  return agency::Reply(
      parts_.decisions->Object(agency::CallContext::From(*context), *request),
      response);
}

grpc::Status BenefitsService::RetryPayment(
    grpc::ServerContext* context,
    const benefits::v1::RetryPaymentRequest* request,
    benefits::v1::RetryPaymentResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto retried = parts_.returns->Retry(call, *request);
  if (retried.ok() && !call.Grants("decision")) retried->Clear();
  return agency::Reply(std::move(retried), response);
}

grpc::Status BenefitsService::ListNotices(
    grpc::ServerContext* context,
    const benefits::v1::ListNoticesRequest* request,
    benefits::v1::ListNoticesResponse* response) {
  if (!agency::CallContext::From(*context).Grants("notice"))
    return grpc::Status::OK;
  return agency::Reply(parts_.runs->Notices(*request), response);
}

grpc::Status BenefitsService::ObjectToPayment(
    grpc::ServerContext* context,
    const benefits::v1::ObjectToPaymentRequest* request,
    benefits::v1::ObjectToPaymentResponse* response) {
  return agency::Reply(
      parts_.runs->Object(agency::CallContext::From(*context), *request),
      response);
}

}  // namespace psm
