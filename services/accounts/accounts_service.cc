#include "services/accounts/accounts_service.h"

#include <optional>
#include <utility>

#include "mesh/agency/answers.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account.h"
#include "services/accounts/channel.h"
#include "services/accounts/holder_name.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::GetAccountRequest;
using accounts::v1::GetAccountResponse;
using accounts::v1::RegisterAccountRequest;
using accounts::v1::RegisterAccountResponse;
using accounts::v1::Registration;

// Says that the names differ, and neither of them.
absl::Status Mismatch() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                         "HOLDER_MISMATCH",
                         "the account is not in the person's own name");
}

}  // namespace

grpc::Status AccountsService::GetAccount(grpc::ServerContext* context,
                                         const GetAccountRequest* request,
                                         GetAccountResponse* response) {
  return agency::Reply(Give(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<GetAccountResponse> AccountsService::Give(
    const agency::CallContext& call, const GetAccountRequest& request) {
  PSM_ASSIGN_OR_RETURN(GetAccountResponse found,
                       parts_.accounts->Find(request.subject()));
  if (!call.Grants("account")) {
    found.clear_account();
    return found;
  }
  PSM_RETURN_IF_ERROR(parts_.history->NoteGiven(
      call.consumer, request.subject(), found.as_of_time()));
  return found;
}

grpc::Status AccountsService::RegisterAccount(
    grpc::ServerContext* context, const RegisterAccountRequest* request,
    RegisterAccountResponse* response) {
  return agency::Reply(Register(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<RegisterAccountResponse> AccountsService::Register(
    const agency::CallContext& call, const RegisterAccountRequest& request) {
  PSM_ASSIGN_OR_RETURN(const Account account,
                       CheckedAccount(request.account()));
  PSM_RETURN_IF_ERROR(
      parts_.banks->Check(account.bank_code(), account.branch_code()));
  PSM_ASSIGN_OR_RETURN(const Registration::Channel channel,
                       ChannelOf(call.affair));
  PSM_RETURN_IF_ERROR(CheckChannel(call, channel, request, *parts_.banks));
  PSM_ASSIGN_OR_RETURN(std::optional<RegisterAccountResponse> before,
                       parts_.accounts->Registered(call));
  if (before.has_value()) return *std::move(before);
  PSM_ASSIGN_OR_RETURN(const std::string kana,
                       parts_.names->KanaOf(call, request.subject()));
  if (!IsSameHolder(kana, account.holder_kana())) return Mismatch();
  return parts_.accounts->Register(call, request.subject(), account, channel,
                                   request.etag(), parts_.clock->Now());
}

grpc::Status AccountsService::ConfirmAccount(
    grpc::ServerContext* context,
    const accounts::v1::ConfirmAccountRequest* request,
    accounts::v1::ConfirmAccountResponse* response) {
  return agency::Reply(Confirm(agency::CallContext::From(*context), *request),
                       response);
}

absl::StatusOr<accounts::v1::ConfirmAccountResponse> AccountsService::Confirm(
    const agency::CallContext& call,
    const accounts::v1::ConfirmAccountRequest& request) {
  PSM_ASSIGN_OR_RETURN(
      std::optional<accounts::v1::ConfirmAccountResponse> before,
      parts_.accounts->Confirmed(call));
  if (before.has_value()) return *std::move(before);
  // Before anybody is asked; within the transaction it is looked at again.
  PSM_RETURN_IF_ERROR(
      parts_.accounts->CheckState(request.subject(), request.etag()));
  PSM_ASSIGN_OR_RETURN(const accounts::v1::GetRegistrationResponse present,
                       parts_.accounts->FindRegistration(request.subject()));
  std::string holder = present.registration().account().holder_kana();
  if (!request.holder_kana().empty()) {
    absl::StatusOr<std::string> written = BankKana(request.holder_kana());
    if (!written.ok())
      return agency::Refusal(absl::StatusCode::kInvalidArgument,
                             "HOLDER_KANA_MALFORMED",
                             "banks do not write a holder like that");
    holder = *std::move(written);
  }
  PSM_ASSIGN_OR_RETURN(const std::string kana,
                       parts_.names->KanaOf(call, request.subject()));
  if (!IsSameHolder(kana, holder)) return Mismatch();
  return parts_.accounts->Confirm(call, request.subject(), request.etag(),
                                  holder, parts_.clock->Now());
}

grpc::Status AccountsService::GetRegistration(
    grpc::ServerContext* context,
    const accounts::v1::GetRegistrationRequest* request,
    accounts::v1::GetRegistrationResponse* response) {
  auto found = parts_.accounts->FindRegistration(request->subject());
  if (found.ok() &&
      !agency::CallContext::From(*context).Grants("registration")) {
    found->clear_registration();
    found->clear_moved_date();
  }
  return agency::Reply(std::move(found), response);
}

grpc::Status AccountsService::DeleteAccount(
    grpc::ServerContext* context,
    const accounts::v1::DeleteAccountRequest* request,
    accounts::v1::DeleteAccountResponse* response) {
  return agency::Reply(
      parts_.accounts->Delete(agency::CallContext::From(*context),
                              request->subject(), request->etag(),
                              parts_.clock->Now()),
      response);
}

grpc::Status AccountsService::ListRegistrations(
    grpc::ServerContext* context,
    const accounts::v1::ListRegistrationsRequest* request,
    accounts::v1::ListRegistrationsResponse* response) {
  if (!agency::CallContext::From(*context).Grants("registration"))
    return grpc::Status::OK;
  return agency::Reply(parts_.history->Registrations(*request), response);
}

grpc::Status AccountsService::ListChanges(
    grpc::ServerContext* context,
    const accounts::v1::ListChangesRequest* request,
    accounts::v1::ListChangesResponse* response) {
  const auto call = agency::CallContext::From(*context);
  auto page = parts_.history->Changes(call.consumer, *request);
  if (page.ok() && !call.Grants("change")) page->clear_changes();
  return agency::Reply(std::move(page), response);
}

grpc::Status AccountsService::ReportReturnedTransfer(
    grpc::ServerContext* context,
    const accounts::v1::ReportReturnedTransferRequest* request,
    accounts::v1::ReportReturnedTransferResponse* response) {
  return agency::Reply(
      parts_.accounts->Close(agency::CallContext::From(*context),
                             request->subject(), request->etag(),
                             parts_.clock->Now()),
      response);
}

}  // namespace psm
