#include "services/tax/tax_service.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "services/tax/tax_ledger.h"
#include "soci/soci.h"

namespace psm {

grpc::Status TaxService::GetTaxStatus(
    grpc::ServerContext* context, const tax::v1::GetTaxStatusRequest* request,
    tax::v1::GetTaxStatusResponse* response) {
  const auto call = agency::CallContext::From(*context);
  absl::StatusOr<tax::v1::GetTaxStatusResponse> status;
  if (absl::Status provided = reviews_->Provide(
          call, request->subject(), clock_->Now(),
          [&](soci::session& sql) -> absl::StatusOr<std::vector<std::int32_t>> {
            status = TaxLedger::StatusOf(sql, request->subject(),
                                         request->fiscal_year());
            if (!status.ok()) return status.status();
            return std::vector<std::int32_t>{status->fiscal_year()};
          });
      !provided.ok())
    return agency::ToGrpc(provided);

  if (!call.Grants("category")) status->clear_category();
  if (!call.Grants("income")) status->clear_income_yen();
  if (!call.Grants("arrears")) status->clear_arrears_yen();
  *response = *std::move(status);
  return grpc::Status::OK;
}

}  // namespace psm
