#include "services/gbizid/business_service.h"

#include <utility>

#include "mesh/agency/call_context.h"

namespace psm {

grpc::Status BusinessService::GetBusiness(
    grpc::ServerContext* context, const gbizid::v1::GetBusinessRequest* request,
    gbizid::v1::GetBusinessResponse* response) {
  const auto call = agency::CallContext::From(*context);
  absl::StatusOr<gbizid::v1::GetBusinessResponse> business =
      businesses_.Find(request->corporate_number());
  if (!business.ok()) return agency::ToGrpc(business.status());

  if (!call.Grants("name")) business->clear_name();
  if (!call.Grants("kana")) business->clear_kana();
  if (!call.Grants("address")) business->clear_address();
  if (!call.Grants("representative")) business->clear_representative();
  if (!call.Grants("establishment_date")) business->clear_establishment_date();
  if (!call.Grants("employees")) business->clear_employees();
  if (!call.Grants("capital")) business->clear_capital_yen();
  if (!call.Grants("account_type")) business->clear_account_type();
  *response = *std::move(business);
  return grpc::Status::OK;
}

}  // namespace psm
