// TaxService over a ledger: what the gateway may call.
#ifndef PSM_SERVICES_TAX_TAX_SERVICE_H_
#define PSM_SERVICES_TAX_TAX_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "services/tax/tax_ledger.h"

namespace psm {

// Answers with the granted attributes alone: what the gateway would drop is not
// sent to it. Thread-safe. `ledger` must outlive the service.
class TaxService final : public tax::v1::TaxService::Service {
 public:
  explicit TaxService(TaxLedger* ledger) : ledger_(ledger) {}

  grpc::Status GetTaxStatus(grpc::ServerContext* context,
                            const tax::v1::GetTaxStatusRequest* request,
                            tax::v1::GetTaxStatusResponse* response) override;

 private:
  TaxLedger* const ledger_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_TAX_SERVICE_H_
