// BenefitsService over a desk: what the gateway may call.
#ifndef PSM_SERVICES_BENEFITS_BENEFITS_SERVICE_H_
#define PSM_SERVICES_BENEFITS_BENEFITS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "services/benefits/application_desk.h"
#include "services/benefits/programme.h"

namespace psm {

// Answers with the granted attributes alone: what the gateway would drop is not
// sent to it. Thread-safe. Both pointers must outlive the service.
class BenefitsService final : public benefits::v1::BenefitsService::Service {
 public:
  BenefitsService(const ProgrammeSet* programmes, ApplicationDesk* desk)
      : programmes_(programmes), desk_(desk) {}

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
  grpc::Status StartBusinessApplication(
      grpc::ServerContext* context,
      const benefits::v1::StartBusinessApplicationRequest* request,
      benefits::v1::StartBusinessApplicationResponse* response) override;

 private:
  const ProgrammeSet* const programmes_;
  ApplicationDesk* const desk_;
};

}  // namespace psm

#endif  // PSM_SERVICES_BENEFITS_BENEFITS_SERVICE_H_
