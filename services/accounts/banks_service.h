// BankService over a list of banks: what the gateway may call.
#ifndef PSM_SERVICES_ACCOUNTS_BANKS_SERVICE_H_
#define PSM_SERVICES_ACCOUNTS_BANKS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/accounts/v1/banks.grpc.pb.h"
#include "services/accounts/bank_list.h"

namespace psm {

// Thread-safe. `banks` must outlive the service. A page token is the last code
// of the page before: codes are public.
class BanksService final : public accounts::v1::BankService::Service {
 public:
  explicit BanksService(const BankList* banks) : banks_(*banks) {}

  grpc::Status ListBanks(grpc::ServerContext* context,
                         const accounts::v1::ListBanksRequest* request,
                         accounts::v1::ListBanksResponse* response) override;
  grpc::Status SearchBanks(
      grpc::ServerContext* context,
      const accounts::v1::SearchBanksRequest* request,
      accounts::v1::SearchBanksResponse* response) override;
  grpc::Status ListBranches(
      grpc::ServerContext* context,
      const accounts::v1::ListBranchesRequest* request,
      accounts::v1::ListBranchesResponse* response) override;

 private:
  const BankList& banks_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_BANKS_SERVICE_H_
