#include "services/identity/basic_items_service.h"

#include <optional>

#include "mesh/agency/answers.h"
#include "mesh/base/status_macros.h"

namespace psm::identity {

grpc::Status BasicItemsService::GetBasicItems(
    grpc::ServerContext* context, const v1::GetBasicItemsRequest* request,
    v1::GetBasicItemsResponse* response) {
  return agency::Reply(Get(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<v1::GetBasicItemsResponse> BasicItemsService::Get(
    const agency::CallContext& call, const v1::GetBasicItemsRequest& request) {
  PSM_ASSIGN_OR_RETURN(const std::optional<CardHolder> holder,
                       holders_->Find(request.subject()));
  if (!holder.has_value()) {
    return agency::Refusal(absl::StatusCode::kNotFound, "PERSON_UNKNOWN",
                           "the person holds no card");
  }
  if ((holder->name_outdated && (call.Grants("name") || call.Grants("kana"))) ||
      (holder->address_outdated && call.Grants("address"))) {
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "ITEMS_OUTDATED",
                           "the person's items are other ones by now");
  }
  v1::GetBasicItemsResponse response;
  if (call.Grants("name")) response.set_name(holder->name);
  if (call.Grants("kana")) response.set_kana(holder->kana);
  if (call.Grants("address")) response.set_address(holder->address);
  if (call.Grants("birth_date")) response.set_birth_date(holder->birth_date);
  if (call.Grants("sex")) response.set_sex(holder->sex);
  // When the row was written and not now: the same state is the same answer,
  // and a retry finds its old receipt.
  response.mutable_as_of_time()->set_seconds(
      absl::ToUnixSeconds(holder->update_time));
  return response;
}

}  // namespace psm::identity
