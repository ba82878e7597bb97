// Wrong linkage (紐付け誤り): which persons' records are under review, which
// were taken off somebody, and what was answered from them before. Knows no
// gRPC.
#ifndef PSM_SERVICES_TAX_LINK_REVIEWS_H_
#define PSM_SERVICES_TAX_LINK_REVIEWS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/tax/v1/links.pb.h"
#include "services/tax/record_events.h"
#include "soci/soci.h"

namespace psm {

// Each method that writes is one of LinksService, whose proto says what it
// refuses; errors also as Database::Once. Thread-safe. `database` must outlive
// it and have TaxLedger::Migrations().
class LinkReviews {
 public:
  // The fiscal years of what was read to be given.
  using ReadYears = absl::FunctionRef<absl::StatusOr<std::vector<std::int32_t>>(
      soci::session&)>;

  // `agency_id`: the municipality whose tax office this is.
  LinkReviews(agency::Database* database, std::string agency_id,
              TellOfRecord tell)
      : database_(*database),
        agency_id_(std::move(agency_id)),
        tell_(std::move(tell)) {}

  // FAILED_PRECONDITION LINK_UNDER_REVIEW where nothing may be provided of the
  // person now. In the transaction of `sql`, whose exceptions pass.
  static absl::Status CheckMayProvide(soci::session& sql,
                                      const std::string& subject);
  // Has `read` read what `call` is answered about the person and, in the same
  // transaction, checks that it may be provided and keeps durably which years
  // were, so that it can be told should the link turn out to be wrong. Nothing
  // is kept where `read` gives an error, which is then given on.
  absl::Status Provide(const agency::CallContext& call,
                       absl::string_view subject, absl::Time now,
                       ReadYears read);

  absl::StatusOr<tax::v1::ReportWrongLinkResponse> Report(
      const agency::CallContext& call,
      const tax::v1::ReportWrongLinkRequest& request, absl::Time now);
  // The caller has compared the paper with the register.
  absl::StatusOr<tax::v1::CheckLinkResponse> KeepCheck(
      const agency::CallContext& call, const tax::v1::CheckLinkRequest& request,
      bool consistent, absl::Time now);
  absl::StatusOr<tax::v1::ConfirmLinkResponse> Confirm(
      const agency::CallContext& call,
      const tax::v1::ConfirmLinkRequest& request, absl::Time now);
  absl::StatusOr<tax::v1::ReleaseRecordResponse> Release(
      const agency::CallContext& call,
      const tax::v1::ReleaseRecordRequest& request, absl::Time now);
  absl::StatusOr<tax::v1::TieRecordResponse> Tie(
      const agency::CallContext& call, const tax::v1::TieRecordRequest& request,
      absl::Time now);

  // Oldest first; `as_of_time` is left to the caller. All of them were asked
  // under the wrong person's code: to the right one, who is somebody else, an
  // authority outside this municipality is not named, for where the wrong
  // person lives, moved to or applied is nothing to tell others.
  absl::StatusOr<tax::v1::ListWrongLinkExchangesResponse> ExchangesOf(
      absl::string_view subject);

 private:
  agency::Database& database_;
  const std::string agency_id_;
  const TellOfRecord tell_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_LINK_REVIEWS_H_
