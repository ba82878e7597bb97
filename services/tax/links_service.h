// LinksService over the reviews and the resident register.
#ifndef PSM_SERVICES_TAX_LINKS_SERVICE_H_
#define PSM_SERVICES_TAX_LINKS_SERVICE_H_

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/tax/v1/links.grpc.pb.h"
#include "services/tax/link_reviews.h"
#include "services/tax/residence_source.h"
#include "services/tax/tax_ledger.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class LinksService final : public tax::v1::LinksService::Service {
 public:
  LinksService(LinkReviews* reviews, TaxLedger* ledger,
               ResidenceSource* residence, const Clock* clock)
      : reviews_(*reviews),
        ledger_(*ledger),
        residence_(*residence),
        clock_(*clock) {}

  grpc::Status ReportWrongLink(
      grpc::ServerContext* context,
      const tax::v1::ReportWrongLinkRequest* request,
      tax::v1::ReportWrongLinkResponse* response) override;
  // Asks the register as of the 1 January of the newest year that is assessed:
  // then the person lived here, or the year would be another town's.
  grpc::Status CheckLink(grpc::ServerContext* context,
                         const tax::v1::CheckLinkRequest* request,
                         tax::v1::CheckLinkResponse* response) override;
  grpc::Status ConfirmLink(grpc::ServerContext* context,
                           const tax::v1::ConfirmLinkRequest* request,
                           tax::v1::ConfirmLinkResponse* response) override;
  grpc::Status ReleaseRecord(grpc::ServerContext* context,
                             const tax::v1::ReleaseRecordRequest* request,
                             tax::v1::ReleaseRecordResponse* response) override;
  grpc::Status TieRecord(grpc::ServerContext* context,
                         const tax::v1::TieRecordRequest* request,
                         tax::v1::TieRecordResponse* response) override;
  grpc::Status ListWrongLinkExchanges(
      grpc::ServerContext* context,
      const tax::v1::ListWrongLinkExchangesRequest* request,
      tax::v1::ListWrongLinkExchangesResponse* response) override;

 private:
  absl::StatusOr<tax::v1::CheckLinkResponse> Check(
      const agency::CallContext& call,
      const tax::v1::CheckLinkRequest& request);

  LinkReviews& reviews_;
  TaxLedger& ledger_;
  ResidenceSource& residence_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_LINKS_SERVICE_H_
