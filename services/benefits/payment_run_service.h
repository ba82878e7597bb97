// PaymentRunService over runs, re-examinations and returns: what the gateway
// may call for an officer.
#ifndef PSM_SERVICES_BENEFITS_PAYMENT_RUN_SERVICE_H_
#define PSM_SERVICES_BENEFITS_PAYMENT_RUN_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "services/benefits/payment_run.h"
#include "services/benefits/reexaminations.h"
#include "services/benefits/return_desk.h"

namespace psm {

// Thread-safe. All pointers must outlive the service.
class PaymentRunService final
    : public benefits::v1::PaymentRunService::Service {
 public:
  PaymentRunService(PaymentRuns* runs, ReturnDesk* returns,
                    ReexaminationDesk* reexaminations)
      : runs_(*runs), returns_(*returns), reexaminations_(*reexaminations) {}

  grpc::Status StartPaymentRun(
      grpc::ServerContext* context,
      const benefits::v1::StartPaymentRunRequest* request,
      benefits::v1::StartPaymentRunResponse* response) override;
  grpc::Status GetPaymentRun(
      grpc::ServerContext* context,
      const benefits::v1::GetPaymentRunRequest* request,
      benefits::v1::GetPaymentRunResponse* response) override;
  grpc::Status PayRun(grpc::ServerContext* context,
                      const benefits::v1::PayRunRequest* request,
                      benefits::v1::PayRunResponse* response) override;
  grpc::Status ListReexaminations(
      grpc::ServerContext* context,
      const benefits::v1::ListReexaminationsRequest* request,
      benefits::v1::ListReexaminationsResponse* response) override;
  grpc::Status ReexamineApplication(
      grpc::ServerContext* context,
      const benefits::v1::ReexamineApplicationRequest* request,
      benefits::v1::ReexamineApplicationResponse* response) override;
  grpc::Status TakeReturnFile(
      grpc::ServerContext* context,
      const benefits::v1::TakeReturnFileRequest* request,
      benefits::v1::TakeReturnFileResponse* response) override;

 private:
  PaymentRuns& runs_;
  ReturnDesk& returns_;
  ReexaminationDesk& reexaminations_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_PAYMENT_RUN_SERVICE_H_
