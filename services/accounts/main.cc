// psm-accounts: the register of accounts for receiving public funds, and the
// list of banks. The public list is read from the file in PSM_BANKS, else from
// the one that the build made.
#include <cstdlib>
#include <memory>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/base/status_macros.h"
#include "services/accounts/account_history.h"
#include "services/accounts/account_register.h"
#include "services/accounts/accounts_service.h"
#include "services/accounts/bank_list.h"
#include "services/accounts/banks_service.h"
#include "services/accounts/holder_events.h"
#include "services/accounts/person_names.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  const char* const file = std::getenv("PSM_BANKS");
  PSM_ASSIGN_OR_RETURN(
      psm::BankList loaded,
      psm::BankList::Load(file == nullptr ? PSM_BANKS_FILE : file));
  const auto* const banks =
      agency.Own(std::make_unique<psm::BankList>(std::move(loaded)));
  PSM_ASSIGN_OR_RETURN(psm::agency::Database* const database,
                       agency.OpenDatabase(psm::AccountRegister::Migrations()));
  psm::AccountRegister* const accounts =
      agency.Own(std::make_unique<psm::AccountRegister>(database));
  PSM_RETURN_IF_ERROR(
      accounts->ImportOnce([&](psm::AccountRegister::Take take) {
        return agency.ForEachSeed<psm::seed::v1::RegisteredAccount>(take);
      }));
  auto* const history =
      agency.Own(std::make_unique<psm::AccountHistory>(database));
  psm::PersonNames* const names =
      agency.Own(std::make_unique<psm::IdentityNames>(
          [&agency] { return agency.gateway(); }));
  agency.Serve(
      std::make_unique<psm::AccountsService>(psm::AccountsService::Parts{
          accounts, history, names, banks, &agency.clock()}));
  agency.Serve(std::make_unique<psm::BanksService>(banks));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<psm::agency::EventSubscription> lives,
      psm::agency::EventSubscription::Start(
          *database, [&agency] { return agency.gateway(); },
          {.affair = "account-upkeep",
           .types = {},
           .missed =
               [&agency](soci::session& sql) {
                 return psm::HoldAllForMissedEvents(sql, agency.clock().Now());
               }},
          [&agency](soci::session& sql, const psm::agency::LifeEvent& event) {
            return psm::TakeHoldersEvent(sql, event, agency.clock().Now());
          }));
  agency.Own(std::move(lives));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
