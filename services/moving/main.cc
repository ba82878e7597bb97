// psm-moving: the desk that takes one notice of a move for everybody.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/moving/move_store.h"
#include "services/moving/moving_service.h"
#include "services/moving/municipalities.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  namespace moving = psm::moving;
  PSM_ASSIGN_OR_RETURN(psm::agency::Database* const database,
                       agency.OpenDatabase(moving::MoveStore::Migrations()));
  auto* const moves = agency.Own(std::make_unique<moving::MoveStore>(database));
  auto* const municipalities =
      agency.Own(std::make_unique<moving::MeshMunicipalities>(
          [&agency] { return agency.gateway(); }));
  agency.Serve(std::make_unique<moving::MovingService>(moves, municipalities,
                                                       &agency.clock()));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
