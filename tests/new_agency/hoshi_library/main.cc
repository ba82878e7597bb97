// hoshi-library-lending: the lending desk of the fictitious Hoshi Library.
#include <memory>

#include "lending_service.h"
#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "reader_register.h"

int main(int argc, char** argv) {
  return psm::agency::Main(
      argc, argv, [](psm::agency::Agency& agency) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(
            psm::agency::Database* const database,
            agency.OpenDatabase(hoshi::ReaderRegister::Migrations()));
        auto* const readers =
            agency.Own(std::make_unique<hoshi::ReaderRegister>(database));
        agency.Serve(std::make_unique<hoshi::LendingService>(
            readers, [&agency] { return agency.gateway(); }, &agency.clock()));
        return absl::OkStatus();
      });
}
