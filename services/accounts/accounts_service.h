// AccountsService over a register, a list of banks and a source of names: what
// the gateway may call.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNTS_SERVICE_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNTS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/accounts/v1/accounts.grpc.pb.h"
#include "services/accounts/account_history.h"
#include "services/accounts/account_register.h"
#include "services/accounts/bank_list.h"
#include "services/accounts/person_names.h"

namespace psm {

// Answers with the granted attributes alone, but for the `state` that a
// registration makes: that is for the gateway to withhold, so that the record
// says so. Thread-safe. What it is given must outlive it.
class AccountsService final : public accounts::v1::AccountsService::Service {
 public:
  struct Parts {
    AccountRegister* accounts;
    AccountHistory* history;
    PersonNames* names;
    const BankList* banks;
    const Clock* clock;
  };

  explicit AccountsService(const Parts& parts) : parts_(parts) {}

  // Notes who was given it before it answers, so that no change is missed.
  grpc::Status GetAccount(grpc::ServerContext* context,
                          const accounts::v1::GetAccountRequest* request,
                          accounts::v1::GetAccountResponse* response) override;

  // Asks identity before it writes, outside of any transaction: a slow identity
  // keeps nobody else waiting. A repetition of an answered exchange asks
  // nobody, nor does one whose consent is used.
  grpc::Status RegisterAccount(
      grpc::ServerContext* context,
      const accounts::v1::RegisterAccountRequest* request,
      accounts::v1::RegisterAccountResponse* response) override;

  // As RegisterAccount.
  grpc::Status ConfirmAccount(
      grpc::ServerContext* context,
      const accounts::v1::ConfirmAccountRequest* request,
      accounts::v1::ConfirmAccountResponse* response) override;

  grpc::Status GetRegistration(
      grpc::ServerContext* context,
      const accounts::v1::GetRegistrationRequest* request,
      accounts::v1::GetRegistrationResponse* response) override;
  grpc::Status DeleteAccount(
      grpc::ServerContext* context,
      const accounts::v1::DeleteAccountRequest* request,
      accounts::v1::DeleteAccountResponse* response) override;
  grpc::Status ListRegistrations(
      grpc::ServerContext* context,
      const accounts::v1::ListRegistrationsRequest* request,
      accounts::v1::ListRegistrationsResponse* response) override;
  grpc::Status ListChanges(
      grpc::ServerContext* context,
      const accounts::v1::ListChangesRequest* request,
      accounts::v1::ListChangesResponse* response) override;
  grpc::Status ReportReturnedTransfer(
      grpc::ServerContext* context,
      const accounts::v1::ReportReturnedTransferRequest* request,
      accounts::v1::ReportReturnedTransferResponse* response) override;

 private:
  absl::StatusOr<accounts::v1::GetAccountResponse> Give(
      const agency::CallContext& call,
      const accounts::v1::GetAccountRequest& request);
  absl::StatusOr<accounts::v1::RegisterAccountResponse> Register(
      const agency::CallContext& call,
      const accounts::v1::RegisterAccountRequest& request);

  absl::StatusOr<accounts::v1::ConfirmAccountResponse> Confirm(
      const agency::CallContext& call,
      const accounts::v1::ConfirmAccountRequest& request);

  const Parts parts_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNTS_SERVICE_H_
