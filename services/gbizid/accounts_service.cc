#include "services/gbizid/accounts_service.h"

#include "services/gbizid/reply.h"

namespace psm::gbizid {

grpc::Status AccountsService::OpenEntry(grpc::ServerContext* context,
                                        const v1::OpenEntryRequest* request,
                                        v1::OpenEntryResponse* response) {
  return Reply(*context, accounts_, &AccountDesk::OpenEntry, *request,
               response);
}

grpc::Status AccountsService::SignIn(grpc::ServerContext* context,
                                     const v1::SignInRequest* request,
                                     v1::SignInResponse* response) {
  return Reply(*context, sign_ins_, &SignInDesk::SignIn, *request, response);
}

grpc::Status AccountsService::SignOut(grpc::ServerContext* context,
                                      const v1::SignOutRequest* request,
                                      v1::SignOutResponse* response) {
  return Reply(*context, sign_ins_, &SignInDesk::SignOut, *request, response);
}

grpc::Status AccountsService::GetAccount(grpc::ServerContext* context,
                                         const v1::GetAccountRequest* request,
                                         v1::GetAccountResponse* response) {
  return Reply(*context, sign_ins_, &SignInDesk::GetAccount, *request,
               response);
}

grpc::Status AccountsService::ChangePassword(
    grpc::ServerContext* context, const v1::ChangePasswordRequest* request,
    v1::ChangePasswordResponse* response) {
  return Reply(*context, sign_ins_, &SignInDesk::ChangePassword, *request,
               response);
}

grpc::Status AccountsService::InviteMember(
    grpc::ServerContext* context, const v1::InviteMemberRequest* request,
    v1::InviteMemberResponse* response) {
  return Reply(*context, accounts_, &AccountDesk::InviteMember, *request,
               response);
}

grpc::Status AccountsService::AcceptInvitation(
    grpc::ServerContext* context, const v1::AcceptInvitationRequest* request,
    v1::AcceptInvitationResponse* response) {
  return Reply(*context, accounts_, &AccountDesk::AcceptInvitation, *request,
               response);
}

grpc::Status AccountsService::ListMembers(grpc::ServerContext* context,
                                          const v1::ListMembersRequest* request,
                                          v1::ListMembersResponse* response) {
  return Reply(*context, accounts_, &AccountDesk::ListMembers, *request,
               response);
}

grpc::Status AccountsService::UpdateMember(
    grpc::ServerContext* context, const v1::UpdateMemberRequest* request,
    v1::UpdateMemberResponse* response) {
  return Reply(*context, accounts_, &AccountDesk::UpdateMember, *request,
               response);
}

grpc::Status AccountsService::BeginRecovery(
    grpc::ServerContext* context, const v1::BeginRecoveryRequest* request,
    v1::BeginRecoveryResponse* response) {
  return Reply(*context, recoveries_, &RecoveryDesk::Begin, *request, response);
}

grpc::Status AccountsService::RecoverPassword(
    grpc::ServerContext* context, const v1::RecoverPasswordRequest* request,
    v1::RecoverPasswordResponse* response) {
  return Reply(*context, recoveries_, &RecoveryDesk::Recover, *request,
               response);
}

}  // namespace psm::gbizid
