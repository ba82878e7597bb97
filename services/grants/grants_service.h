// GrantsService over a desk: what the gateway may call.
#ifndef PSM_SERVICES_GRANTS_GRANTS_SERVICE_H_
#define PSM_SERVICES_GRANTS_GRANTS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/grants/v1/grants.grpc.pb.h"
#include "services/grants/grants_desk.h"

namespace psm::grants {

// Answers with the granted attributes alone. Thread-safe. `desk` must outlive
// it.
class GrantsService final : public v1::GrantsService::Service {
 public:
  explicit GrantsService(GrantsDesk* desk) : desk_(*desk) {}

  grpc::Status ListProgrammes(grpc::ServerContext* context,
                              const v1::ListProgrammesRequest* request,
                              v1::ListProgrammesResponse* response) override;
  grpc::Status SignIn(grpc::ServerContext* context,
                      const v1::SignInRequest* request,
                      v1::SignInResponse* response) override;
  grpc::Status StartApplication(
      grpc::ServerContext* context, const v1::StartApplicationRequest* request,
      v1::StartApplicationResponse* response) override;
  grpc::Status SubmitApplication(
      grpc::ServerContext* context, const v1::SubmitApplicationRequest* request,
      v1::SubmitApplicationResponse* response) override;
  grpc::Status GetApplication(grpc::ServerContext* context,
                              const v1::GetApplicationRequest* request,
                              v1::GetApplicationResponse* response) override;
  grpc::Status ListSubmitted(grpc::ServerContext* context,
                             const v1::ListSubmittedRequest* request,
                             v1::ListSubmittedResponse* response) override;
  grpc::Status DecideApplication(
      grpc::ServerContext* context, const v1::DecideApplicationRequest* request,
      v1::DecideApplicationResponse* response) override;

 private:
  GrantsDesk& desk_;
};

}  // namespace psm::grants

#endif  // PSM_SERVICES_GRANTS_GRANTS_SERVICE_H_
