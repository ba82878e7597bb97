#include "services/gbizid/delegations_service.h"

#include "services/gbizid/reply.h"

namespace psm::gbizid {

grpc::Status DelegationsService::OfferDelegation(
    grpc::ServerContext* context, const v1::OfferDelegationRequest* request,
    v1::OfferDelegationResponse* response) {
  return Reply(*context, desk_, &DelegationDesk::Offer, *request, response);
}

grpc::Status DelegationsService::AnswerDelegation(
    grpc::ServerContext* context, const v1::AnswerDelegationRequest* request,
    v1::AnswerDelegationResponse* response) {
  return Reply(*context, desk_, &DelegationDesk::Answer, *request, response);
}

grpc::Status DelegationsService::EndDelegation(
    grpc::ServerContext* context, const v1::EndDelegationRequest* request,
    v1::EndDelegationResponse* response) {
  return Reply(*context, desk_, &DelegationDesk::End, *request, response);
}

grpc::Status DelegationsService::ListDelegations(
    grpc::ServerContext* context, const v1::ListDelegationsRequest* request,
    v1::ListDelegationsResponse* response) {
  return Reply(*context, desk_, &DelegationDesk::List, *request, response);
}

}  // namespace psm::gbizid
