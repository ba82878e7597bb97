#include "services/grants/grants_service.h"

#include "services/gbizid/reply.h"

namespace psm::grants {

using gbizid::Reply;

grpc::Status GrantsService::ListProgrammes(
    grpc::ServerContext*, const v1::ListProgrammesRequest*,
    v1::ListProgrammesResponse* response) {
  *response = desk_.List();
  return grpc::Status::OK;
}

grpc::Status GrantsService::SignIn(grpc::ServerContext* context,
                                   const v1::SignInRequest* request,
                                   v1::SignInResponse* response) {
  return Reply(*context, desk_, &GrantsDesk::SignIn, *request, response);
}

grpc::Status GrantsService::StartApplication(
    grpc::ServerContext* context, const v1::StartApplicationRequest* request,
    v1::StartApplicationResponse* response) {
  return Reply(*context, desk_, &GrantsDesk::Start, *request, response);
}

grpc::Status GrantsService::SubmitApplication(
    grpc::ServerContext* context, const v1::SubmitApplicationRequest* request,
    v1::SubmitApplicationResponse* response) {
  return Reply(*context, desk_, &GrantsDesk::Submit, *request, response);
}

grpc::Status GrantsService::GetApplication(
    grpc::ServerContext* context, const v1::GetApplicationRequest* request,
    v1::GetApplicationResponse* response) {
  return Reply(*context, desk_, &GrantsDesk::Get, *request, response);
}

grpc::Status GrantsService::ListSubmitted(
    grpc::ServerContext* context, const v1::ListSubmittedRequest* request,
    v1::ListSubmittedResponse* response) {
  return Reply(*context, desk_, &GrantsDesk::ListSubmitted, *request, response);
}

grpc::Status GrantsService::DecideApplication(
    grpc::ServerContext* context, const v1::DecideApplicationRequest* request,
    v1::DecideApplicationResponse* response) {
  return Reply(*context, desk_, &GrantsDesk::Decide, *request, response);
}

}  // namespace psm::grants
