// psm-bank: the fictitious Hoshizora Bank, a relying party.
#include <memory>

#include "mesh/agency/agency.h"
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
  agency.Serve(
      std::make_unique<CustomersService>(customers, source, &agency.clock()));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::bank

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::bank::Wire);
}
