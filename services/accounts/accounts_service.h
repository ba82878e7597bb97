// AccountsService over a register and a source of names: what the gateway may
// call.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNTS_SERVICE_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNTS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "services/accounts/account_register.h"
#include "services/accounts/person_names.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class AccountsService final : public accounts::v1::AccountsService::Service {
 public:
  AccountsService(AccountRegister* accounts, PersonNames* names,
                  const Clock* clock)
      : accounts_(*accounts), names_(*names), clock_(*clock) {}

  grpc::Status GetAccount(grpc::ServerContext* context,
                          const accounts::v1::GetAccountRequest* request,
                          accounts::v1::GetAccountResponse* response) override;

  // Asks identity before it writes, outside of any transaction: a slow identity
  // keeps nobody else waiting. A repetition of an answered exchange asks
  // nobody.
  grpc::Status RegisterAccount(
      grpc::ServerContext* context,
      const accounts::v1::RegisterAccountRequest* request,
      accounts::v1::RegisterAccountResponse* response) override;

 private:
  absl::StatusOr<accounts::v1::RegisterAccountResponse> Register(
      const agency::CallContext& call,
      const accounts::v1::RegisterAccountRequest& request);

  AccountRegister& accounts_;
  PersonNames& names_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNTS_SERVICE_H_
