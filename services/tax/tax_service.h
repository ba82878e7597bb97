// TaxService over the ledger: what the gateway may call.
#ifndef PSM_SERVICES_TAX_TAX_SERVICE_H_
#define PSM_SERVICES_TAX_TAX_SERVICE_H_

#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/tax/v1/tax.grpc.pb.h"
#include "services/tax/link_reviews.h"

namespace psm {

// Answers with the granted attributes alone: what the gateway would drop is not
// sent to it. Keeps to whom it answered about whom before it answers.
// Thread-safe. What it is given must outlive it.
class TaxService final : public tax::v1::TaxService::Service {
 public:
  TaxService(LinkReviews* reviews, const Clock* clock)
      : reviews_(reviews), clock_(clock) {}

  grpc::Status GetTaxStatus(grpc::ServerContext* context,
                            const tax::v1::GetTaxStatusRequest* request,
                            tax::v1::GetTaxStatusResponse* response) override;

 private:
  LinkReviews* const reviews_;
  const Clock* const clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_TAX_SERVICE_H_
