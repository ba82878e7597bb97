// psm-programmes: which programmes fit a person. Programmes are read from the
// folder in PSM_PROGRAMMES, else from the one that the program was built with.
#include <cstdlib>
#include <memory>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/programmes/household_facts.h"
#include "services/programmes/programmes_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  const char* const folder = std::getenv("PSM_PROGRAMMES");
  PSM_ASSIGN_OR_RETURN(psm::ProgrammeSet loaded,
                       psm::ProgrammeSet::Load(
                           folder == nullptr ? PSM_PROGRAMMES_FOLDER : folder));
  const auto* const programmes =
      agency.Own(std::make_unique<psm::ProgrammeSet>(std::move(loaded)));
  auto* const facts = agency.Own(std::make_unique<psm::GatewayFacts>(
      agency.agency_id(), programmes, [&agency] { return agency.gateway(); }));
  agency.Serve(std::make_unique<psm::ProgrammesService>(programmes, facts,
                                                        &agency.clock()));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
