// Requests for correction (訂正請求): what persons say is wrong, and what an
// officer decided. Knows no gRPC.
#ifndef PSM_SERVICES_TAX_CORRECTION_REQUESTS_H_
#define PSM_SERVICES_TAX_CORRECTION_REQUESTS_H_

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/tax/v1/corrections.pb.h"
#include "services/tax/record_events.h"

namespace psm {

// Days in which a request is to be decided (個人情報保護法 art. 94(1)); the
// extension by another 30 is left out.
inline constexpr int kCorrectionDays = 30;

// The methods are those of CorrectionsService, whose proto says what they
// refuse; errors also as Database::Once. Thread-safe. `database` must outlive
// it and have TaxLedger::Migrations().
class CorrectionRequests {
 public:
  CorrectionRequests(agency::Database* database, TellOfRecord tell)
      : database_(*database), tell_(std::move(tell)) {}

  absl::StatusOr<tax::v1::RequestCorrectionResponse> Request(
      const agency::CallContext& call,
      const tax::v1::RequestCorrectionRequest& request, absl::Time now);
  // `as_of_time` is left to the caller.
  absl::StatusOr<tax::v1::ListCorrectionRequestsResponse> Of(
      absl::string_view subject, absl::Time now);
  // What is corrected and who is told stand in one transaction.
  absl::StatusOr<tax::v1::DecideCorrectionResponse> Decide(
      const agency::CallContext& call,
      const tax::v1::DecideCorrectionRequest& request, absl::Time now);

 private:
  agency::Database& database_;
  const TellOfRecord tell_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_CORRECTION_REQUESTS_H_
