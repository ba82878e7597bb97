// psm-accounts: the register of accounts for receiving public funds.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account_register.h"
#include "services/accounts/accounts_service.h"
#include "services/accounts/person_names.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(psm::agency::Database* const database,
                       agency.OpenDatabase(psm::AccountRegister::Migrations()));
  psm::AccountRegister* const accounts =
      agency.Own(std::make_unique<psm::AccountRegister>(database));
  PSM_RETURN_IF_ERROR(
      accounts->ImportOnce([&](psm::AccountRegister::Take take) {
        return agency.ForEachSeed<psm::seed::v1::RegisteredAccount>(take);
      }));
  psm::PersonNames* const names =
      agency.Own(std::make_unique<psm::IdentityNames>(
          [&agency] { return agency.gateway(); }));
  agency.Serve(
      std::make_unique<psm::AccountsService>(accounts, names, &agency.clock()));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
