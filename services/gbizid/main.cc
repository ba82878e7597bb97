// psm-gbizid: businesses with a gBizID-style account.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/gbizid/business_register.h"
#include "services/gbizid/business_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(
      psm::agency::Database* const database,
      agency.OpenDatabase(psm::BusinessRegister::Migrations()));
  psm::BusinessRegister* const businesses =
      agency.Own(std::make_unique<psm::BusinessRegister>(database));
  PSM_RETURN_IF_ERROR(businesses->ImportOnce(
      agency.clock().Now(), [&](psm::BusinessRegister::Take take) {
        return agency.ForEachSeed<psm::seed::v1::Business>(take);
      }));
  agency.Serve(std::make_unique<psm::BusinessService>(businesses));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
