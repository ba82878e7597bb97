// psm-benefits: a municipality's benefits. Programmes are read from the folder
// in PSM_PROGRAMMES, else from the one that the program was built beside.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/benefits/application_desk.h"
#include "services/benefits/application_store.h"
#include "services/benefits/benefits_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  const char* const folder = std::getenv("PSM_PROGRAMMES");
  PSM_ASSIGN_OR_RETURN(psm::ProgrammeSet loaded,
                       psm::ProgrammeSet::Load(
                           folder == nullptr ? PSM_PROGRAMMES_FOLDER : folder));
  const auto* const programmes =
      agency.Own(std::make_unique<psm::ProgrammeSet>(std::move(loaded)));
  PSM_ASSIGN_OR_RETURN(
      psm::agency::Database* const database,
      agency.OpenDatabase(psm::ApplicationStore::Migrations()));
  PSM_ASSIGN_OR_RETURN(std::string files, agency.FilesFolder());
  auto* const payments = agency.Own(std::make_unique<psm::PaymentFiles>(
      database, programmes, std::move(files)));
  PSM_RETURN_IF_ERROR(payments->WriteAll());
  auto* const evidence = agency.Own(std::make_unique<psm::GatewayEvidence>(
      [&agency] { return agency.gateway(); }));
  auto* const desk = agency.Own(
      std::make_unique<psm::ApplicationDesk>(psm::ApplicationDesk::Parts{
          agency.agency_id(), programmes, evidence, database, payments,
          &agency.clock(), &psm::SystemRandom()}));
  agency.Serve(std::make_unique<psm::BenefitsService>(programmes, desk));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
