#include "services/corporations/corporations_service.h"

#include <optional>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/corporations/change_check.h"

namespace psm::corporations {

grpc::Status CorporationsService::GetCorporation(
    grpc::ServerContext* context, const v1::GetCorporationRequest* request,
    v1::GetCorporationResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto found = parts_.corporations->Find(request->corporate_number());
  if (!found.ok()) return agency::ToGrpc(found.status());
  if (!call.Grants("name")) found->clear_name();
  if (!call.Grants("kana")) found->clear_kana();
  if (!call.Grants("name_en")) found->clear_name_en();
  if (!call.Grants("address")) {
    found->clear_address();
    found->clear_address_ids();
  }
  if (!call.Grants("representative")) found->clear_representative();
  if (!call.Grants("establishment_date")) found->clear_establishment_date();
  if (!call.Grants("status")) {
    found->clear_status();
    found->clear_close_date();
    found->clear_successor_number();
    found->clear_current_number();
  }
  *response = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status CorporationsService::GetHistory(
    grpc::ServerContext* context, const v1::GetHistoryRequest* request,
    v1::GetHistoryResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto history = parts_.corporations->History(request->corporate_number());
  if (!history.ok()) return agency::ToGrpc(history.status());
  response->set_corporate_number(history->corporate_number());
  *response->mutable_as_of_time() = history->as_of_time();
  const bool named = call.Grants("representative");
  for (v1::HistoryEntry& entry : *history->mutable_entries()) {
    if (!call.Grants("history")) break;
    if (!named) {
      // Not even that there was a change: it would tell of a person.
      if (entry.change().kind() == v1::Change::REPRESENTATIVE) continue;
      entry.clear_representative();
    }
    *response->add_entries() = std::move(entry);
  }
  return grpc::Status::OK;
}

grpc::Status CorporationsService::SearchCorporations(
    grpc::ServerContext*, const v1::SearchCorporationsRequest* request,
    v1::SearchCorporationsResponse* response) {
  auto found = parts_.list->Search(*request);
  if (!found.ok()) return agency::ToGrpc(found.status());
  *response = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status CorporationsService::ListChanges(
    grpc::ServerContext*, const v1::ListChangesRequest* request,
    v1::ListChangesResponse* response) {
  auto changes = parts_.list->Changes(*request);
  if (!changes.ok()) return agency::ToGrpc(changes.status());
  *response = *std::move(changes);
  return grpc::Status::OK;
}

absl::StatusOr<v1::RegisterChangeResponse> CorporationsService::Register(
    const agency::CallContext& call, const v1::RegisterChangeRequest& request) {
  PSM_ASSIGN_OR_RETURN(std::optional<v1::RegisterChangeResponse> before,
                       parts_.registration->Registered(call));
  if (before.has_value()) return *std::move(before);
  const absl::Time now = parts_.clock->Now();
  PSM_RETURN_IF_ERROR(CheckChange(request, DayInJapan(now)));
  v1::AddressIds ids;
  if (request.has_address()) {
    // Before the transaction: nobody waits for another agency inside one.
    PSM_ASSIGN_OR_RETURN(ids, parts_.addresses->IdsOf(call, request.address()));
  }
  return parts_.registration->Register(call, request, ids, now);
}

grpc::Status CorporationsService::RegisterChange(
    grpc::ServerContext* context, const v1::RegisterChangeRequest* request,
    v1::RegisterChangeResponse* response) {
  auto registered = Register(agency::CallContext::From(*context), *request);
  if (!registered.ok()) return agency::ToGrpc(registered.status());
  *response = *std::move(registered);
  return grpc::Status::OK;
}

}  // namespace psm::corporations
