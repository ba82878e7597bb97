#include "services/residents/protection_service.h"

#include <string>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/agency/derived_exchange_id.h"

namespace psm {

using agency::CallContext;

grpc::Status ProtectionService::Protect(
    grpc::ServerContext* context, const residents::v1::ProtectRequest* request,
    residents::v1::ProtectResponse* response) {
  const auto call = CallContext::From(*context);
  const Notice notice{call, clock_.Now()};
  MutexLock lock(mu_);
  absl::Status status = decisions_.CheckProtect(notice, *request);
  if (status.ok())
    status =
        flag_.Set(request->subject(), true, DerivedExchangeId(call, "protect"));
  if (!status.ok()) return agency::ToGrpc(status);
  auto protection = decisions_.Protect(notice, *request);
  if (!protection.ok()) return agency::ToGrpc(protection.status());
  status = household_.Extend(notice.today());
  if (!status.ok()) return agency::ToGrpc(status);
  *response = *std::move(protection);
  return grpc::Status::OK;
}

grpc::Status ProtectionService::EndProtection(
    grpc::ServerContext* context,
    const residents::v1::EndProtectionRequest* request,
    residents::v1::EndProtectionResponse* response) {
  const auto call = CallContext::From(*context);
  MutexLock lock(mu_);
  auto ended = decisions_.End({call, clock_.Now()}, *request);
  if (!ended.ok()) return agency::ToGrpc(ended.status());
  const absl::Status told = household_.Lift(request->subject());
  if (!told.ok()) return agency::ToGrpc(told);
  *response = *std::move(ended);
  return grpc::Status::OK;
}

grpc::Status ProtectionService::AllowDesk(
    grpc::ServerContext* context,
    const residents::v1::AllowDeskRequest* request,
    residents::v1::AllowDeskResponse* response) {
  const auto call = CallContext::From(*context);
  auto allowed = decisions_.AllowDesk({call, clock_.Now()}, *request);
  if (!allowed.ok()) return agency::ToGrpc(allowed.status());
  *response = *std::move(allowed);
  return grpc::Status::OK;
}

grpc::Status ProtectionService::ListProtectionDecisions(
    grpc::ServerContext* context,
    const residents::v1::ListProtectionDecisionsRequest* request,
    residents::v1::ListProtectionDecisionsResponse* response) {
  const auto call = CallContext::From(*context);
  auto found = decisions_.DecisionsOn(request->subject());
  if (!found.ok()) return agency::ToGrpc(found.status());
  if (!call.Grants("decision")) found->clear_decisions();
  found->mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  *response = *std::move(found);
  return grpc::Status::OK;
}

}  // namespace psm
