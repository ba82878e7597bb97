// A municipality's residence tax (住民税): versions of one assessment per
// person and fiscal year, kept in the system's own database. Knows no gRPC and
// no other agency.
#ifndef PSM_SERVICES_TAX_TAX_LEDGER_H_
#define PSM_SERVICES_TAX_TAX_LEDGER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/seed/v1/seed.pb.h"
#include "psm/tax/v1/assessments.pb.h"
#include "psm/tax/v1/tax.pb.h"
#include "services/tax/record_events.h"
#include "soci/soci.h"

namespace psm {

// What is written is what the protos say; so are the refusals. Errors also as
// Database::Once. Thread-safe. `database` must outlive the ledger and have
// Migrations().
class TaxLedger {
 public:
  using Take = absl::FunctionRef<absl::Status(const seed::v1::Taxpayer&)>;

  static absl::Span<const agency::Migration> Migrations();

  // `tell` is called for whatever makes an answer wrong that was given before.
  TaxLedger(agency::Database* database, TellOfRecord tell)
      : database_(database), tell_(std::move(tell)) {}

  // Enters the taxpayers that `each` gives to its argument, all or none, unless
  // the ledger holds anybody already. A status counts as determined on 1 June
  // of its fiscal year, the month of the first instalment (地方税法 art.
  // 320), or `now` where that is sooner; its category is taken over as it is.
  // INVALID_ARGUMENT where an item is missing or negative; ALREADY_EXISTS for a
  // person twice in one year; else as Database::Write.
  absl::Status ImportOnce(absl::Time now,
                          absl::FunctionRef<absl::Status(Take)> each);

  // A person's status with every item, as it is in force; `fiscal_year` 0 means
  // the latest. NOT_FOUND NOT_A_TAXPAYER; else as Database::Read.
  absl::StatusOr<tax::v1::GetTaxStatusResponse> FindStatus(
      absl::string_view subject, std::int32_t fiscal_year);
  // The same in the caller's transaction, whose exceptions pass.
  static absl::StatusOr<tax::v1::GetTaxStatusResponse> StatusOf(
      soci::session& sql, const std::string& subject, std::int32_t fiscal_year);

  // All versions; `as_of_time` is left to the caller. NOT_FOUND
  // NOT_A_TAXPAYER; else as Database::Read.
  absl::StatusOr<tax::v1::ListAssessmentsResponse> FindAssessments(
      absl::string_view subject);
  // The same in the caller's transaction, whose exceptions pass.
  static absl::StatusOr<tax::v1::ListAssessmentsResponse> AssessmentsOf(
      soci::session& sql, const std::string& subject);

  // The answer that this exchange got before, if it did.
  absl::StatusOr<std::optional<tax::v1::AssessResponse>> Assessed(
      const agency::CallContext& call);
  // The caller has learnt that the person lived here on the year's 1 January.
  absl::StatusOr<tax::v1::AssessResponse> Assess(
      const agency::CallContext& call, const tax::v1::AssessRequest& request,
      absl::Time now);
  // FAILED_PRECONDITION LINK_UNDER_REVIEW, too: it may be another's.
  absl::StatusOr<tax::v1::CorrectAssessmentResponse> Correct(
      const agency::CallContext& call,
      const tax::v1::CorrectAssessmentRequest& request, absl::Time now);
  // The same in the caller's transaction, whose exceptions pass; gives the new
  // version. NOT_FOUND NOT_A_TAXPAYER; ABORTED ETAG_STALE. Tells nobody.
  static absl::StatusOr<tax::v1::Assessment> CorrectWithin(
      soci::session& sql, const std::string& subject, std::int32_t fiscal_year,
      const std::string& etag, const tax::v1::Circumstances& circumstances,
      const std::string& grounds, absl::Time now);
  absl::StatusOr<tax::v1::EndTaxationResponse> EndTaxation(
      const agency::CallContext& call,
      const tax::v1::EndTaxationRequest& request, absl::Time now);

  // A register says that a person has died; as EndTaxation where the ledger has
  // anything about him, else nothing. In the transaction of `sql`, whose
  // exceptions pass.
  absl::Status HearOfDeath(soci::session& sql, const std::string& subject,
                           const std::string& death_date, absl::Time now);

  // Assessments that have come under another owner are withdrawn, or in force
  // again, as the death of that one has it. In the transaction of `sql`, whose
  // exceptions pass.
  static void ApplyDeathOf(soci::session& sql, const std::string& subject,
                           absl::Time now);

 private:
  agency::Database* const database_;
  const TellOfRecord tell_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_TAX_LEDGER_H_
