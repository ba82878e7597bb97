// psm-bank: the fictitious Hoshizora Bank, a relying party.
#include <memory>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/agency/event_subscription.h"
#include "mesh/base/status_macros.h"
#include "services/bank/address_source.h"
#include "services/bank/customer_register.h"
#include "services/bank/customers_service.h"

namespace psm::bank {
namespace {

absl::Status Wire(agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(agency::Database* const database,
                       agency.OpenDatabase(CustomerRegister::Migrations()));
  auto* const customers =
      agency.Own(std::make_unique<CustomerRegister>(database));
  PSM_RETURN_IF_ERROR(customers->ImportOnce(
      agency.clock().Now(), [&agency](CustomerRegister::Take take) {
        return agency.ForEachSeed<seed::v1::Customer>(take);
      }));
  auto* const source = agency.Own(std::make_unique<MeshAddressSource>(
      [&agency] { return agency.gateway(); }));
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<agency::EventSubscription> made_moves,
      agency::EventSubscription::Start(
          *database, [&agency] { return agency.gateway(); },
          {.affair = "customer-address",
           .types = {},
           .consents = [customers] { return customers->MovesConsents(); },
           .missed =
               [](soci::session& sql) {
                 CustomerRegister::MissMoves(sql);
                 return absl::OkStatus();
               }},
          [](soci::session& sql, const agency::LifeEvent& event) {
            CustomerRegister::HearOfMove(sql, event.subject,
                                         event.effective_date);
            return absl::OkStatus();
          }));
  agency::EventSubscription* const moves = agency.Own(std::move(made_moves));
  agency.Serve(std::make_unique<CustomersService>(
      customers, source, &agency.clock(), [moves] { moves->Refresh(); }));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::bank

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::bank::Wire);
}
