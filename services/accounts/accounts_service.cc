#include "services/accounts/accounts_service.h"

#include <optional>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account.h"
#include "services/accounts/holder_name.h"

namespace psm {

using accounts::v1::Account;
using accounts::v1::GetAccountResponse;
using accounts::v1::RegisterAccountRequest;
using accounts::v1::RegisterAccountResponse;

grpc::Status AccountsService::GetAccount(
    grpc::ServerContext* context,
    const accounts::v1::GetAccountRequest* request,
    GetAccountResponse* response) {
  const auto call = agency::CallContext::From(*context);
  absl::StatusOr<GetAccountResponse> found = accounts_.Find(request->subject());
  if (!found.ok()) return agency::ToGrpc(found.status());
  if (!call.Grants("account")) found->clear_account();
  *response = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status AccountsService::RegisterAccount(
    grpc::ServerContext* context, const RegisterAccountRequest* request,
    RegisterAccountResponse* response) {
  absl::StatusOr<RegisterAccountResponse> registered =
      Register(agency::CallContext::From(*context), *request);
  if (!registered.ok()) return agency::ToGrpc(registered.status());
  *response = *std::move(registered);
  return grpc::Status::OK;
}

absl::StatusOr<RegisterAccountResponse> AccountsService::Register(
    const agency::CallContext& call, const RegisterAccountRequest& request) {
  PSM_ASSIGN_OR_RETURN(const Account account,
                       CheckedAccount(request.account()));
  PSM_ASSIGN_OR_RETURN(std::optional<RegisterAccountResponse> before,
                       accounts_.Registered(call));
  if (before.has_value()) return *std::move(before);
  PSM_ASSIGN_OR_RETURN(const std::string kana,
                       names_.KanaOf(call, request.subject()));
  // The refusal says that the names differ and neither of them.
  if (!IsSameHolder(kana, account.holder_kana()))
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "HOLDER_MISMATCH",
                           "the account is not in the person's own name");
  return accounts_.Register(call, request.subject(), account, clock_.Now());
}

}  // namespace psm
