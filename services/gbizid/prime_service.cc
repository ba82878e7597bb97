#include "services/gbizid/prime_service.h"

#include "services/gbizid/reply.h"

namespace psm::gbizid {

grpc::Status PrimeService::ApplyForPrime(
    grpc::ServerContext* context, const v1::ApplyForPrimeRequest* request,
    v1::ApplyForPrimeResponse* response) {
  return Reply(*context, desk_, &PrimeDesk::Apply, *request, response);
}

grpc::Status PrimeService::ApproveByCard(
    grpc::ServerContext* context, const v1::ApproveByCardRequest* request,
    v1::ApproveByCardResponse* response) {
  return Reply(*context, desk_, &PrimeDesk::ApproveByCard, *request, response);
}

grpc::Status PrimeService::ListApplications(
    grpc::ServerContext* context, const v1::ListApplicationsRequest* request,
    v1::ListApplicationsResponse* response) {
  return Reply(*context, desk_, &PrimeDesk::List, *request, response);
}

grpc::Status PrimeService::DecideApplication(
    grpc::ServerContext* context, const v1::DecideApplicationRequest* request,
    v1::DecideApplicationResponse* response) {
  return Reply(*context, desk_, &PrimeDesk::Decide, *request, response);
}

grpc::Status PrimeService::SetSuspended(grpc::ServerContext* context,
                                        const v1::SetSuspendedRequest* request,
                                        v1::SetSuspendedResponse* response) {
  return Reply(*context, desk_, &PrimeDesk::SetSuspended, *request, response);
}

grpc::Status PrimeService::ShowAccount(grpc::ServerContext* context,
                                       const v1::ShowAccountRequest* request,
                                       v1::ShowAccountResponse* response) {
  return Reply(*context, desk_, &PrimeDesk::Show, *request, response);
}

grpc::Status PrimeService::RecoverByCard(
    grpc::ServerContext* context, const v1::RecoverByCardRequest* request,
    v1::RecoverByCardResponse* response) {
  return Reply(*context, recoveries_, &RecoveryDesk::RecoverByCard, *request,
               response);
}

grpc::Status PrimeService::ApproveRecovery(
    grpc::ServerContext* context, const v1::ApproveRecoveryRequest* request,
    v1::ApproveRecoveryResponse* response) {
  return Reply(*context, recoveries_, &RecoveryDesk::Approve, *request,
               response);
}

}  // namespace psm::gbizid
