// DelegationsService over a desk: what the gateway may call.
#ifndef PSM_SERVICES_GBIZID_DELEGATIONS_SERVICE_H_
#define PSM_SERVICES_GBIZID_DELEGATIONS_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/gbizid/v1/delegation.grpc.pb.h"
#include "services/gbizid/delegation_desk.h"

namespace psm::gbizid {

// Answers with the granted attributes alone. Thread-safe. What it is given must
// outlive it.
class DelegationsService final : public v1::DelegationsService::Service {
 public:
  explicit DelegationsService(DelegationDesk* desk) : desk_(*desk) {}

  grpc::Status OfferDelegation(grpc::ServerContext* context,
                               const v1::OfferDelegationRequest* request,
                               v1::OfferDelegationResponse* response) override;
  grpc::Status AnswerDelegation(
      grpc::ServerContext* context, const v1::AnswerDelegationRequest* request,
      v1::AnswerDelegationResponse* response) override;
  grpc::Status EndDelegation(grpc::ServerContext* context,
                             const v1::EndDelegationRequest* request,
                             v1::EndDelegationResponse* response) override;
  grpc::Status ListDelegations(grpc::ServerContext* context,
                               const v1::ListDelegationsRequest* request,
                               v1::ListDelegationsResponse* response) override;

 private:
  DelegationDesk& desk_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_DELEGATIONS_SERVICE_H_
