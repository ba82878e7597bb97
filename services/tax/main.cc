// psm-tax: a municipality's residence tax.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/tax/assessments_service.h"
#include "services/tax/residence_source.h"
#include "services/tax/tax_ledger.h"
#include "services/tax/tax_service.h"

namespace {

absl::Status Wire(psm::agency::Agency& agency) {
  PSM_ASSIGN_OR_RETURN(psm::agency::Database* const database,
                       agency.OpenDatabase(psm::TaxLedger::Migrations()));
  auto* const ledger = agency.Own(std::make_unique<psm::TaxLedger>(database));
  PSM_RETURN_IF_ERROR(
      ledger->ImportOnce(agency.clock().Now(), [&](psm::TaxLedger::Take take) {
        return agency.ForEachSeed<psm::seed::v1::Taxpayer>(take);
      }));
  auto* const residence = agency.Own(std::make_unique<psm::RegisterResidence>(
      agency.agency_id(), [&agency] { return agency.gateway(); }));
  agency.Serve(std::make_unique<psm::TaxService>(ledger));
  agency.Serve(std::make_unique<psm::AssessmentsService>(ledger, residence,
                                                         &agency.clock()));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return psm::agency::Main(argc, argv, Wire); }
