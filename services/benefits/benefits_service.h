// BenefitsService over its desks: what the gateway may call for an applicant.
#ifndef PSM_SERVICES_BENEFITS_BENEFITS_SERVICE_H_
#define PSM_SERVICES_BENEFITS_BENEFITS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "services/benefits/application_desk.h"
#include "services/benefits/decision_desk.h"
#include "services/benefits/payment_run.h"
#include "services/benefits/return_desk.h"
#include "services/programme_rules/programme.h"

namespace psm {

// Answers with the granted attributes alone: what the gateway would drop is not
// sent to it. Thread-safe. All pointers must outlive the service.
class BenefitsService final : public benefits::v1::BenefitsService::Service {
 public:
  struct Parts {
    const ProgrammeSet* programmes;
    ApplicationDesk* desk;
    DecisionDesk* decisions;
    ReturnDesk* returns;
    PaymentRuns* runs;
  };

  explicit BenefitsService(const Parts& parts) : parts_(parts) {}

  grpc::Status ListProgrammes(
      grpc::ServerContext* context,
      const benefits::v1::ListProgrammesRequest* request,
      benefits::v1::ListProgrammesResponse* response) override;
  grpc::Status StartApplication(
      grpc::ServerContext* context,
      const benefits::v1::StartApplicationRequest* request,
      benefits::v1::StartApplicationResponse* response) override;
  grpc::Status ConfirmApplication(
      grpc::ServerContext* context,
      const benefits::v1::ConfirmApplicationRequest* request,
      benefits::v1::ConfirmApplicationResponse* response) override;
  grpc::Status WithdrawApplication(
      grpc::ServerContext* context,
      const benefits::v1::WithdrawApplicationRequest* request,
      benefits::v1::WithdrawApplicationResponse* response) override;
  grpc::Status EnterPaper(grpc::ServerContext* context,
                          const benefits::v1::EnterPaperRequest* request,
                          benefits::v1::EnterPaperResponse* response) override;
  grpc::Status ObjectToDecision(
      grpc::ServerContext* context,
      const benefits::v1::ObjectToDecisionRequest* request,
      benefits::v1::ObjectToDecisionResponse* response) override;
  grpc::Status RetryPayment(
      grpc::ServerContext* context,
      const benefits::v1::RetryPaymentRequest* request,
      benefits::v1::RetryPaymentResponse* response) override;
  grpc::Status ListNotices(
      grpc::ServerContext* context,
      const benefits::v1::ListNoticesRequest* request,
      benefits::v1::ListNoticesResponse* response) override;
  grpc::Status ObjectToPayment(
      grpc::ServerContext* context,
      const benefits::v1::ObjectToPaymentRequest* request,
      benefits::v1::ObjectToPaymentResponse* response) override;

 private:
  const Parts parts_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_BENEFITS_SERVICE_H_
