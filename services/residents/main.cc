// psm-residents: a municipality's basic resident register.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/residents/resident_register.h"
#include "services/residents/residents_service.h"

int main(int argc, char** argv) {
  return psm::agency::Main(
      argc, argv, [](psm::agency::Agency& agency) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(
            psm::agency::Database* const database,
            agency.OpenDatabase(psm::ResidentRegister::Migrations()));
        psm::ResidentRegister* const residents =
            agency.Own(std::make_unique<psm::ResidentRegister>(database));
        PSM_RETURN_IF_ERROR(
            residents->ImportOnce([&](psm::ResidentRegister::Take take) {
              return agency.ForEachSeed<psm::seed::v1::Resident>(take);
            }));
        agency.Serve(std::make_unique<psm::ResidentsService>(residents,
                                                             &agency.clock()));
        return absl::OkStatus();
      });
}
