// AssessmentsService over a ledger and the resident register.
#ifndef PSM_SERVICES_TAX_ASSESSMENTS_SERVICE_H_
#define PSM_SERVICES_TAX_ASSESSMENTS_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/tax/v1/assessments.grpc.pb.h"
#include "services/tax/link_reviews.h"
#include "services/tax/residence_source.h"
#include "services/tax/tax_ledger.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class AssessmentsService final : public tax::v1::AssessmentsService::Service {
 public:
  AssessmentsService(TaxLedger* ledger, LinkReviews* reviews,
                     ResidenceSource* residence, const Clock* clock)
      : ledger_(*ledger),
        reviews_(*reviews),
        residence_(*residence),
        clock_(*clock) {}

  // Asks the resident register before it writes, outside of any transaction; a
  // retry of what was assessed asks nobody.
  grpc::Status Assess(grpc::ServerContext* context,
                      const tax::v1::AssessRequest* request,
                      tax::v1::AssessResponse* response) override;
  grpc::Status CorrectAssessment(
      grpc::ServerContext* context,
      const tax::v1::CorrectAssessmentRequest* request,
      tax::v1::CorrectAssessmentResponse* response) override;
  grpc::Status EndTaxation(grpc::ServerContext* context,
                           const tax::v1::EndTaxationRequest* request,
                           tax::v1::EndTaxationResponse* response) override;
  grpc::Status ListAssessments(
      grpc::ServerContext* context,
      const tax::v1::ListAssessmentsRequest* request,
      tax::v1::ListAssessmentsResponse* response) override;

 private:
  absl::StatusOr<tax::v1::AssessResponse> Assess(
      const agency::CallContext& call, const tax::v1::AssessRequest& request);
  absl::StatusOr<tax::v1::CorrectAssessmentResponse> Correct(
      const agency::CallContext& call,
      const tax::v1::CorrectAssessmentRequest& request);
  // All that is kept of a person, with every item, and who taxes after a move
  // where the agreement grants that. Keeps that it is answered: who reads
  // somebody else's income at home has been told it as an agency would be.
  absl::StatusOr<tax::v1::ListAssessmentsResponse> List(
      const agency::CallContext& call, const std::string& subject);

  TaxLedger& ledger_;
  LinkReviews& reviews_;
  ResidenceSource& residence_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_ASSESSMENTS_SERVICE_H_
