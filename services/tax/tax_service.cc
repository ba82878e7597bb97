#include "services/tax/tax_service.h"

#include <utility>

#include "mesh/agency/call_context.h"

namespace psm {

grpc::Status TaxService::GetTaxStatus(
    grpc::ServerContext* context, const tax::v1::GetTaxStatusRequest* request,
    tax::v1::GetTaxStatusResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto status = ledger_->FindStatus(request->subject(), request->fiscal_year());
  if (!status.ok()) return agency::ToGrpc(status.status());
  if (absl::Status provided =
          reviews_->Provide(call, request->subject(), clock_->Now());
      !provided.ok())
    return agency::ToGrpc(provided);
  // What was read before may have been taken off the person since, and would
  // then be answered and listed to nobody.
  status = ledger_->FindStatus(request->subject(), request->fiscal_year());
  if (!status.ok()) return agency::ToGrpc(status.status());

  if (!call.Grants("category")) status->clear_category();
  if (!call.Grants("income")) status->clear_income_yen();
  if (!call.Grants("arrears")) status->clear_arrears_yen();
  *response = *std::move(status);
  return grpc::Status::OK;
}

}  // namespace psm
