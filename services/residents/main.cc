// psm-residents: a municipality's basic resident register.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/residents/enrolment.h"
#include "services/residents/family_entries.h"
#include "services/residents/move_entries.h"
#include "services/residents/notices_service.h"
#include "services/residents/resident_register.h"
#include "services/residents/residents_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(
      psm::agency::Database* const database,
      agency.OpenDatabase(psm::ResidentRegister::Migrations()));
  auto* const residents = agency.Own(
      std::make_unique<psm::ResidentRegister>(database, agency.agency_id()));
  PSM_RETURN_IF_ERROR(residents->ImportOnce(
      agency.clock().Now(), [&](psm::ResidentRegister::Take take) {
        return agency.ForEachSeed<psm::seed::v1::Resident>(take);
      }));
  auto* const moves = agency.Own(
      std::make_unique<psm::MoveEntries>(database, agency.agency_id()));
  auto* const families = agency.Own(
      std::make_unique<psm::FamilyEntries>(database, agency.agency_id()));
  auto* const enrolment = agency.Own(std::make_unique<psm::MeshEnrolment>(
      [&agency] { return agency.gateway(); }));
  agency.Serve(
      std::make_unique<psm::ResidentsService>(residents, &agency.clock()));
  agency.Serve(std::make_unique<psm::NoticesService>(moves, families, enrolment,
                                                     &agency.clock()));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
