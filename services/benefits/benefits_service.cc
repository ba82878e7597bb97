#include "services/benefits/benefits_service.h"

#include <utility>

#include "mesh/agency/call_context.h"

namespace psm {

grpc::Status BenefitsService::ListProgrammes(
    grpc::ServerContext*, const benefits::v1::ListProgrammesRequest*,
    benefits::v1::ListProgrammesResponse* response) {
  *response = programmes_->List();
  return grpc::Status::OK;
}

grpc::Status BenefitsService::StartApplication(
    grpc::ServerContext* context,
    const benefits::v1::StartApplicationRequest* request,
    benefits::v1::StartApplicationResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto started = desk_->Start(call, *request);
  if (!started.ok()) return agency::ToGrpc(started.status());
  if (!call.Grants("application")) {
    started->clear_fields();
    started->clear_household_size();
    started->clear_papers();
  }
  *response = *std::move(started);
  return grpc::Status::OK;
}

grpc::Status BenefitsService::ConfirmApplication(
    grpc::ServerContext* context,
    const benefits::v1::ConfirmApplicationRequest* request,
    benefits::v1::ConfirmApplicationResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto decided = desk_->Confirm(call, *request);
  if (!decided.ok()) return agency::ToGrpc(decided.status());
  if (!call.Grants("decision")) {
    decided->clear_decision();
    decided->clear_rule_ja();
    decided->clear_rule_en();
    decided->clear_amount_yen();
    decided->clear_payment_file();
  }
  *response = *std::move(decided);
  return grpc::Status::OK;
}

grpc::Status BenefitsService::StartBusinessApplication(
    grpc::ServerContext* context,
    const benefits::v1::StartBusinessApplicationRequest* request,
    benefits::v1::StartBusinessApplicationResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto started = desk_->StartBusiness(call, *request);
  if (!started.ok()) return agency::ToGrpc(started.status());
  if (!call.Grants("application")) {
    started->clear_fields();
    started->clear_papers();
  }
  *response = *std::move(started);
  return grpc::Status::OK;
}

}  // namespace psm
