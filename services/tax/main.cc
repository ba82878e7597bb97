// psm-tax: a municipality's residence tax.
#include <memory>

#include "mesh/agency/agency.h"
#include "mesh/base/status_macros.h"
#include "services/tax/tax_ledger.h"
#include "services/tax/tax_service.h"

int main(int argc, char** argv) {
  return psm::agency::Main(
      argc, argv, [](psm::agency::Agency& agency) -> absl::Status {
        PSM_ASSIGN_OR_RETURN(psm::agency::Database* const database,
                             agency.OpenDatabase(psm::TaxLedger::Migrations()));
        psm::TaxLedger* const ledger =
            agency.Own(std::make_unique<psm::TaxLedger>(database));
        PSM_RETURN_IF_ERROR(ledger->ImportOnce(
            agency.clock().Now(), [&](psm::TaxLedger::Take take) {
              return agency.ForEachSeed<psm::seed::v1::Taxpayer>(take);
            }));
        agency.Serve(std::make_unique<psm::TaxService>(ledger));
        return absl::OkStatus();
      });
}
