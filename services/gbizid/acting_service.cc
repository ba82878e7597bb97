#include "services/gbizid/acting_service.h"

#include "services/gbizid/reply.h"

namespace psm::gbizid {

grpc::Status ActingService::IssueTicket(grpc::ServerContext* context,
                                        const v1::IssueTicketRequest* request,
                                        v1::IssueTicketResponse* response) {
  return Reply(*context, desk_, &ActingDesk::Issue, *request, response);
}

grpc::Status ActingService::RedeemTicket(grpc::ServerContext* context,
                                         const v1::RedeemTicketRequest* request,
                                         v1::RedeemTicketResponse* response) {
  return Reply(*context, desk_, &ActingDesk::Redeem, *request, response);
}

grpc::Status ActingService::CheckActing(grpc::ServerContext* context,
                                        const v1::CheckActingRequest* request,
                                        v1::CheckActingResponse* response) {
  return Reply(*context, desk_, &ActingDesk::Check, *request, response);
}

}  // namespace psm::gbizid
