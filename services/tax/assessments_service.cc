#include "services/tax/assessments_service.h"

#include <optional>
#include <utility>

#include "mesh/base/status_macros.h"
#include "services/tax/competence.h"
#include "services/tax/tax_rules.h"

namespace psm {

using agency::CallContext;
using tax::v1::AssessRequest;
using tax::v1::AssessResponse;
using tax::v1::CorrectAssessmentRequest;
using tax::v1::CorrectAssessmentResponse;

namespace {

// What was determined, without what the agreement does not grant.
template <typename Response>
grpc::Status Determined(const CallContext& call,
                        absl::StatusOr<Response> determined,
                        Response* response) {
  if (!determined.ok()) return agency::ToGrpc(determined.status());
  if (!call.Grants("category")) determined->clear_category();
  if (!call.Grants("amount")) determined->clear_tax_yen();
  *response = *std::move(determined);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status AssessmentsService::Assess(grpc::ServerContext* context,
                                        const AssessRequest* request,
                                        AssessResponse* response) {
  const auto call = CallContext::From(*context);
  return Determined(call, Assess(call, *request), response);
}

absl::StatusOr<AssessResponse> AssessmentsService::Assess(
    const CallContext& call, const AssessRequest& request) {
  const absl::Time now = clock_.Now();
  PSM_RETURN_IF_ERROR(CheckFiscalYear(request.fiscal_year(), now));
  PSM_RETURN_IF_ERROR(CheckCircumstances(request.circumstances()));
  PSM_ASSIGN_OR_RETURN(std::optional<AssessResponse> before,
                       ledger_.Assessed(call));
  if (before.has_value()) return *std::move(before);
  PSM_ASSIGN_OR_RETURN(const bool lived_here,
                       residence_.LivedHere(call, request.subject(),
                                            TaxDay(request.fiscal_year())));
  if (!lived_here)
    return agency::Refusal(absl::StatusCode::kFailedPrecondition,
                           "NOT_A_RESIDENT_THEN",
                           "the person did not live here on 1 January");
  return ledger_.Assess(call, request, now);
}

grpc::Status AssessmentsService::CorrectAssessment(
    grpc::ServerContext* context, const CorrectAssessmentRequest* request,
    CorrectAssessmentResponse* response) {
  const auto call = CallContext::From(*context);
  return Determined(call, Correct(call, *request), response);
}

absl::StatusOr<CorrectAssessmentResponse> AssessmentsService::Correct(
    const CallContext& call, const CorrectAssessmentRequest& request) {
  PSM_RETURN_IF_ERROR(CheckCircumstances(request.circumstances()));
  PSM_RETURN_IF_ERROR(CheckGrounds(request.grounds()));
  return ledger_.Correct(call, request, clock_.Now());
}

grpc::Status AssessmentsService::EndTaxation(
    grpc::ServerContext* context, const tax::v1::EndTaxationRequest* request,
    tax::v1::EndTaxationResponse* response) {
  const auto call = CallContext::From(*context);
  const absl::Time now = clock_.Now();
  if (absl::Status date = CheckDeathDate(request->death_date(), now);
      !date.ok())
    return agency::ToGrpc(date);
  auto ended = ledger_.EndTaxation(call, *request, now);
  if (!ended.ok()) return agency::ToGrpc(ended.status());
  *response = *std::move(ended);
  return grpc::Status::OK;
}

absl::StatusOr<tax::v1::ListAssessmentsResponse> AssessmentsService::List(
    const CallContext& call, const std::string& subject) {
  absl::StatusOr<tax::v1::ListAssessmentsResponse> found;
  PSM_RETURN_IF_ERROR(reviews_.Provide(
      call, subject, clock_.Now(),
      [&](soci::session& sql) -> absl::StatusOr<std::vector<std::int32_t>> {
        found = TaxLedger::AssessmentsOf(sql, subject);
        const std::optional<tax::v1::Competence> competence =
            call.Grants("competence") ? CompetenceOf(sql, subject)
                                      : std::nullopt;
        if (!competence.has_value() && !found.ok()) return found.status();
        // Who has moved here will be taxed here, and has no assessment yet.
        if (!found.ok()) found = tax::v1::ListAssessmentsResponse();
        if (competence.has_value()) *found->mutable_competence() = *competence;
        std::vector<std::int32_t> years;
        for (const auto& version : found->assessments())
          if (!version.etag().empty()) years.push_back(version.fiscal_year());
        return years;
      }));
  return found;
}

grpc::Status AssessmentsService::ListAssessments(
    grpc::ServerContext* context,
    const tax::v1::ListAssessmentsRequest* request,
    tax::v1::ListAssessmentsResponse* response) {
  const auto call = CallContext::From(*context);
  auto found = List(call, request->subject());
  if (!found.ok()) return agency::ToGrpc(found.status());
  for (tax::v1::Assessment& version : *found->mutable_assessments()) {
    if (!call.Grants("income")) version.clear_circumstances();
    if (!call.Grants("category")) version.clear_category();
    if (!call.Grants("amount")) version.clear_tax_yen();
    if (!call.Grants("grounds")) version.clear_grounds();
  }
  found->mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
  *response = *std::move(found);
  return grpc::Status::OK;
}

}  // namespace psm
