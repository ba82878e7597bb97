#include "services/tax/tax_ledger.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "mesh/agency/answers.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "services/tax/assessment_rows.h"
#include "services/tax/competence.h"
#include "services/tax/link_reviews.h"
#include "services/tax/tax_rules.h"
#include "soci/soci.h"

namespace psm {
namespace {

using tax::v1::Assessment;
using tax::v1::AssessRequest;
using tax::v1::AssessResponse;
using tax::v1::CorrectAssessmentRequest;
using tax::v1::CorrectAssessmentResponse;
using tax::v1::EndTaxationRequest;
using tax::v1::EndTaxationResponse;
using tax::v1::GetTaxStatusResponse;
using tax::v1::ListAssessmentsResponse;

constexpr char kAssess[] = "Assess";

absl::Status NotATaxpayer() {
  return agency::Refusal(absl::StatusCode::kNotFound, "NOT_A_TAXPAYER",
                         "no status of this person and year here");
}

absl::Status Dead() {
  return agency::Refusal(absl::StatusCode::kFailedPrecondition, "TAXPAYER_DEAD",
                         "the death of the person is known");
}

// One seed as the first version of an assessment.
absl::StatusOr<Assessment> TakenOver(const seed::v1::Taxpayer& taxpayer,
                                     absl::Time now) {
  if (taxpayer.subject().empty() || taxpayer.fiscal_year() <= 0 ||
      taxpayer.income_yen() < 0 || taxpayer.arrears_yen() < 0 ||
      !GetTaxStatusResponse::Category_IsValid(taxpayer.category()) ||
      taxpayer.category() == GetTaxStatusResponse::CATEGORY_UNSPECIFIED) {
    return agency::Refusal(absl::StatusCode::kInvalidArgument, "SEED_INVALID",
                           "a taxpayer lacks a required item");
  }
  const absl::Time june = absl::FromCivil(
      absl::CivilDay(taxpayer.fiscal_year(), 6, 1), JapanTime());
  Assessment version;
  version.set_fiscal_year(taxpayer.fiscal_year());
  version.set_version(1);
  version.set_category(
      static_cast<GetTaxStatusResponse::Category>(taxpayer.category()));
  version.mutable_circumstances()->set_income_yen(taxpayer.income_yen());
  version.mutable_determine_time()->set_seconds(
      absl::ToUnixSeconds(std::min(june, now)));
  return version;
}

std::string DeathDate(soci::session& sql, const std::string& subject) {
  std::string date;
  sql << "SELECT death_date FROM deaths WHERE subject = :subject",
      soci::into(date), soci::use(subject);
  return date;
}

// The next version; gives it back as it is read.
Assessment WriteVersion(soci::session& sql, const std::string& subject,
                        std::int32_t fiscal_year, std::int32_t number,
                        const tax::v1::Circumstances& circumstances,
                        const std::string& grounds, absl::Time now) {
  const Determination determined = Determine(circumstances);
  Assessment version;
  version.set_fiscal_year(fiscal_year);
  version.set_version(number);
  *version.mutable_circumstances() = circumstances;
  version.set_category(determined.category);
  version.set_tax_yen(determined.tax_yen);
  version.set_grounds(grounds);
  version.mutable_determine_time()->set_seconds(absl::ToUnixSeconds(now));
  AssessmentWriter(sql).Write(subject, version);
  return InForce(ReadAssessments(sql, subject), fiscal_year).value_or(version);
}

// Withdraws the years after a death; how many they were.
int EndFrom(soci::session& sql, const std::string& subject,
            const std::string& death_date, bool is_news, absl::Time now) {
  int withdrawn = 0;
  for (const Assessment& version : ReadAssessments(sql, subject)) {
    if (version.etag().empty() || version.withdrawn() ||
        absl::FormatCivilTime(TaxDay(version.fiscal_year())) <= death_date)
      continue;
    const long long year = version.fiscal_year();
    const long long time = absl::ToUnixSeconds(now);
    sql << "UPDATE assessments SET withdraw_time = :time WHERE subject = "
           ":subject AND fiscal_year = :year",
        soci::use(time), soci::use(subject), soci::use(year);
    ++withdrawn;
  }
  if (is_news) {
    sql << "INSERT INTO deaths (subject, death_date) VALUES (:subject, :date)",
        soci::use(subject), soci::use(death_date);
  }
  return withdrawn;
}

}  // namespace

absl::Span<const agency::Migration> TaxLedger::Migrations() {
  return TaxMigrations();
}

absl::Status TaxLedger::ImportOnce(absl::Time now,
                                   absl::FunctionRef<absl::Status(Take)> each) {
  return database_->Write([&](soci::session& sql) -> absl::Status {
    long long known = 0;
    sql << "SELECT EXISTS (SELECT 1 FROM assessments)", soci::into(known);
    if (known > 0) return absl::OkStatus();
    AssessmentWriter writer(sql);
    return each([&](const seed::v1::Taxpayer& taxpayer) -> absl::Status {
      PSM_ASSIGN_OR_RETURN(const Assessment version, TakenOver(taxpayer, now));
      writer.Write(taxpayer.subject(), version);
      if (taxpayer.arrears_yen() == 0) return absl::OkStatus();
      const long long year = taxpayer.fiscal_year();
      const long long arrears = taxpayer.arrears_yen();
      sql << "INSERT INTO arrears (subject, fiscal_year, arrears_yen) VALUES "
             "(:subject, :year, :arrears)",
          soci::use(taxpayer.subject()), soci::use(year), soci::use(arrears);
      return absl::OkStatus();
    });
  });
}

absl::StatusOr<GetTaxStatusResponse> TaxLedger::StatusOf(
    soci::session& sql, const std::string& subject, std::int32_t fiscal_year) {
  const std::optional<Assessment> version =
      InForce(ReadAssessments(sql, subject), fiscal_year);
  if (!version.has_value()) return NotATaxpayer();
  const long long year = version->fiscal_year();
  long long arrears = 0;
  sql << "SELECT arrears_yen FROM arrears WHERE subject = :subject AND "
         "fiscal_year = :year",
      soci::into(arrears), soci::use(subject), soci::use(year);
  GetTaxStatusResponse status;
  status.set_fiscal_year(version->fiscal_year());
  status.set_category(version->category());
  status.set_income_yen(version->circumstances().income_yen());
  status.set_arrears_yen(arrears);
  *status.mutable_as_of_time() = version->determine_time();
  return status;
}

absl::StatusOr<GetTaxStatusResponse> TaxLedger::FindStatus(
    absl::string_view subject, std::int32_t fiscal_year) {
  absl::StatusOr<GetTaxStatusResponse> status;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) {
    status = StatusOf(sql, std::string(subject), fiscal_year);
    return status.status();
  }));
  return status;
}

absl::StatusOr<ListAssessmentsResponse> TaxLedger::AssessmentsOf(
    soci::session& sql, const std::string& subject) {
  ListAssessmentsResponse response;
  for (Assessment& version : ReadAssessments(sql, subject))
    *response.add_assessments() = std::move(version);
  if (response.assessments().empty()) return NotATaxpayer();
  return response;
}

absl::StatusOr<ListAssessmentsResponse> TaxLedger::FindAssessments(
    absl::string_view subject) {
  absl::StatusOr<ListAssessmentsResponse> response;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) {
    response = AssessmentsOf(sql, std::string(subject));
    return response.status();
  }));
  return response;
}

absl::StatusOr<std::optional<AssessResponse>> TaxLedger::Assessed(
    const agency::CallContext& call) {
  PSM_ASSIGN_OR_RETURN(const std::optional<std::string> answer,
                       database_->Answered(kAssess, call));
  if (!answer.has_value()) return std::nullopt;
  return agency::ParseAnswer<AssessResponse>(*answer);
}

absl::StatusOr<AssessResponse> TaxLedger::Assess(
    const agency::CallContext& call, const AssessRequest& request,
    absl::Time now) {
  return agency::ParseAnswer<AssessResponse>(database_->Once(
      kAssess, call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        const std::string death = DeathDate(sql, request.subject());
        // Days in this form sort as text.
        if (!death.empty() &&
            death < absl::FormatCivilTime(TaxDay(request.fiscal_year())))
          return Dead();
        for (const Assessment& version :
             ReadAssessments(sql, request.subject())) {
          if (version.fiscal_year() == request.fiscal_year())
            return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                   "ALREADY_ASSESSED",
                                   "the year has an assessment");
        }
        const Assessment version =
            WriteVersion(sql, request.subject(), request.fiscal_year(), 1,
                         request.circumstances(), "", now);
        AssessResponse response;
        response.set_category(version.category());
        response.set_tax_yen(version.tax_yen());
        response.set_etag(version.etag());
        return response.SerializeAsString();
      }));
}

absl::StatusOr<Assessment> TaxLedger::CorrectWithin(
    soci::session& sql, const std::string& subject, std::int32_t fiscal_year,
    const std::string& etag, const tax::v1::Circumstances& circumstances,
    const std::string& grounds, absl::Time now) {
  const std::optional<Assessment> before =
      InForce(ReadAssessments(sql, subject), fiscal_year);
  if (!before.has_value() || fiscal_year == 0) return NotATaxpayer();
  if (before->etag() != etag)
    return agency::Refusal(absl::StatusCode::kAborted, "ETAG_STALE",
                           "the assessment was corrected meanwhile");
  return WriteVersion(sql, subject, fiscal_year, before->version() + 1,
                      circumstances, grounds, now);
}

absl::StatusOr<CorrectAssessmentResponse> TaxLedger::Correct(
    const agency::CallContext& call, const CorrectAssessmentRequest& request,
    absl::Time now) {
  return agency::ParseAnswer<CorrectAssessmentResponse>(database_->Once(
      "CorrectAssessment", call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        PSM_RETURN_IF_ERROR(
            LinkReviews::CheckMayProvide(sql, request.subject()));
        PSM_ASSIGN_OR_RETURN(
            const Assessment version,
            CorrectWithin(sql, request.subject(), request.fiscal_year(),
                          request.etag(), request.circumstances(),
                          request.grounds(), now));
        PSM_RETURN_IF_ERROR(
            tell_(sql, request.subject(), RecordEvent::kCorrected));
        CorrectAssessmentResponse response;
        response.set_category(version.category());
        response.set_tax_yen(version.tax_yen());
        response.set_etag(version.etag());
        return response.SerializeAsString();
      }));
}

absl::StatusOr<EndTaxationResponse> TaxLedger::EndTaxation(
    const agency::CallContext& call, const EndTaxationRequest& request,
    absl::Time now) {
  return agency::ParseAnswer<EndTaxationResponse>(database_->Once(
      "EndTaxation", call, now,
      [&](soci::session& sql) -> absl::StatusOr<std::string> {
        const std::string known = DeathDate(sql, request.subject());
        if (!known.empty() && known != request.death_date()) return Dead();
        EndTaxationResponse response;
        response.set_withdrawn_years(EndFrom(
            sql, request.subject(), request.death_date(), known.empty(), now));
        if (response.withdrawn_years() > 0)
          PSM_RETURN_IF_ERROR(
              tell_(sql, request.subject(), RecordEvent::kCorrected));
        return response.SerializeAsString();
      }));
}

absl::Status TaxLedger::HearOfDeath(soci::session& sql,
                                    const std::string& subject,
                                    const std::string& death_date,
                                    absl::Time now) {
  // Who is not taxed here is no business of this office. What a clerk has
  // entered stays.
  if (ReadAssessments(sql, subject).empty() || !DeathDate(sql, subject).empty())
    return absl::OkStatus();
  if (EndFrom(sql, subject, death_date, true, now) == 0)
    return absl::OkStatus();
  return tell_(sql, subject, RecordEvent::kCorrected);
}

void TaxLedger::ApplyDeathOf(soci::session& sql, const std::string& subject,
                             absl::Time now) {
  sql << "UPDATE assessments SET withdraw_time = 0 WHERE subject = :subject",
      soci::use(subject);
  const std::string death = DeathDate(sql, subject);
  if (!death.empty()) EndFrom(sql, subject, death, false, now);
}

}  // namespace psm
