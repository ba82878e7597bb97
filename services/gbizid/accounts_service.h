// AccountsService over its desks: what the gateway may call.
#ifndef PSM_SERVICES_GBIZID_ACCOUNTS_SERVICE_H_
#define PSM_SERVICES_GBIZID_ACCOUNTS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/gbizid/v1/accounts_service.grpc.pb.h"
#include "services/gbizid/account_desk.h"
#include "services/gbizid/recovery_desk.h"
#include "services/gbizid/sign_in_desk.h"

namespace psm::gbizid {

// Answers with the granted attributes alone. Thread-safe. What it is given must
// outlive it.
class AccountsService final : public v1::AccountsService::Service {
 public:
  AccountsService(AccountDesk* accounts, SignInDesk* sign_ins,
                  RecoveryDesk* recoveries)
      : accounts_(*accounts), sign_ins_(*sign_ins), recoveries_(*recoveries) {}

  grpc::Status OpenEntry(grpc::ServerContext* context,
                         const v1::OpenEntryRequest* request,
                         v1::OpenEntryResponse* response) override;
  grpc::Status SignIn(grpc::ServerContext* context,
                      const v1::SignInRequest* request,
                      v1::SignInResponse* response) override;
  grpc::Status SignOut(grpc::ServerContext* context,
                       const v1::SignOutRequest* request,
                       v1::SignOutResponse* response) override;
  grpc::Status GetAccount(grpc::ServerContext* context,
                          const v1::GetAccountRequest* request,
                          v1::GetAccountResponse* response) override;
  grpc::Status ChangePassword(grpc::ServerContext* context,
                              const v1::ChangePasswordRequest* request,
                              v1::ChangePasswordResponse* response) override;
  grpc::Status InviteMember(grpc::ServerContext* context,
                            const v1::InviteMemberRequest* request,
                            v1::InviteMemberResponse* response) override;
  grpc::Status AcceptInvitation(
      grpc::ServerContext* context, const v1::AcceptInvitationRequest* request,
      v1::AcceptInvitationResponse* response) override;
  grpc::Status ListMembers(grpc::ServerContext* context,
                           const v1::ListMembersRequest* request,
                           v1::ListMembersResponse* response) override;
  grpc::Status UpdateMember(grpc::ServerContext* context,
                            const v1::UpdateMemberRequest* request,
                            v1::UpdateMemberResponse* response) override;
  grpc::Status BeginRecovery(grpc::ServerContext* context,
                             const v1::BeginRecoveryRequest* request,
                             v1::BeginRecoveryResponse* response) override;
  grpc::Status RecoverPassword(grpc::ServerContext* context,
                               const v1::RecoverPasswordRequest* request,
                               v1::RecoverPasswordResponse* response) override;

 private:
  AccountDesk& accounts_;
  SignInDesk& sign_ins_;
  RecoveryDesk& recoveries_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACCOUNTS_SERVICE_H_
