// psm-benefits: a municipality's benefits. Programmes are read from the folder
// in PSM_PROGRAMMES, else from the one that the program was built beside.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/benefits/application_desk.h"
#include "services/benefits/application_store.h"
#include "services/benefits/benefits_service.h"
#include "services/benefits/payment_run_service.h"
#include "services/benefits/reexaminations.h"

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
  auto* const payments = agency.Own(
      std::make_unique<psm::PaymentFiles>(database, std::move(files)));
  PSM_RETURN_IF_ERROR(payments->WriteAll());
  const auto gateway = [&agency] { return agency.gateway(); };
  auto* const evidence =
      agency.Own(std::make_unique<psm::GatewayEvidence>(gateway));
  auto* const registry =
      agency.Own(std::make_unique<psm::GatewayAccountRegistry>(gateway));
  const psm::Clock* const clock = &agency.clock();
  psm::Random* const random = &psm::SystemRandom();
  auto* const desk = agency.Own(
      std::make_unique<psm::ApplicationDesk>(psm::ApplicationDesk::Parts{
          agency.agency_id(), programmes, evidence, database, clock, random}));
  auto* const decisions = agency.Own(std::make_unique<psm::DecisionDesk>(
      programmes, registry, database, payments, clock));
  auto* const returns =
      agency.Own(std::make_unique<psm::ReturnDesk>(psm::ReturnDesk::Parts{
          programmes, evidence, registry, database, payments, clock}));
  auto* const runs = agency.Own(std::make_unique<psm::PaymentRuns>(
      psm::PaymentRuns::Parts{programmes, desk, evidence, registry, database,
                              payments, clock, random}));
  PSM_RETURN_IF_ERROR(runs->ImportHeadsOnce([&](psm::PaymentRuns::Take take) {
    return agency.ForEachSeed<psm::seed::v1::HouseholdHead>(
        [&](const psm::seed::v1::HouseholdHead& head) {
          return take(head.subject());
        });
  }));
  agency.Serve(std::make_unique<psm::BenefitsService>(
      psm::BenefitsService::Parts{programmes, desk, decisions, returns, runs}));
  auto* const reexaminations =
      agency.Own(std::make_unique<psm::ReexaminationDesk>(
          psm::ReexaminationDesk::Parts{programmes, desk, database, clock}));
  agency.Serve(
      std::make_unique<psm::PaymentRunService>(runs, returns, reexaminations));
  return psm::FollowCorrections(agency, database);
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
