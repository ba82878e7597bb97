// psm-corporations: the registry of corporations.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/corporations/address_reader.h"
#include "services/corporations/corporation_list.h"
#include "services/corporations/corporation_register.h"
#include "services/corporations/corporation_rows.h"
#include "services/corporations/corporations_service.h"
#include "services/corporations/registration.h"

namespace psm::corporations {
namespace {

absl::Status Wire(agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(agency::Database* const database,
                       agency.OpenDatabase(CorporationMigrations()));
  CorporationsService::Parts parts = {};
  parts.corporations =
      agency.Own(std::make_unique<CorporationRegister>(database));
  PSM_RETURN_IF_ERROR(parts.corporations->ImportOnce(
      agency.clock().Now(), [&](CorporationRegister::Take take) {
        return agency.ForEachSeed<seed::v1::Corporation>(take);
      }));
  parts.list = agency.Own(std::make_unique<CorporationList>(database));
  parts.registration = agency.Own(std::make_unique<Registration>(database));
  parts.addresses = agency.Own(std::make_unique<MeshAddressReader>(
      [&agency] { return agency.gateway(); }));
  parts.clock = &agency.clock();
  agency.Serve(std::make_unique<CorporationsService>(parts));
  return absl::OkStatus();
}

}  // namespace
}  // namespace psm::corporations

int main(int argc, char** argv) {
  return psm::agency::Main(argc, argv, psm::corporations::Wire);
}
