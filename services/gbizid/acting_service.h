// ActingService over a desk: what the gateway may call.
#ifndef PSM_SERVICES_GBIZID_ACTING_SERVICE_H_
#define PSM_SERVICES_GBIZID_ACTING_SERVICE_H_

#include "grpcpp/server_context.h"
#include "psm/gbizid/v1/delegation.grpc.pb.h"
#include "services/gbizid/acting_desk.h"

namespace psm::gbizid {

// Answers with the granted attributes alone. Thread-safe. What it is given must
// outlive it.
class ActingService final : public v1::ActingService::Service {
 public:
  explicit ActingService(ActingDesk* desk) : desk_(*desk) {}

  grpc::Status IssueTicket(grpc::ServerContext* context,
                           const v1::IssueTicketRequest* request,
                           v1::IssueTicketResponse* response) override;
  grpc::Status RedeemTicket(grpc::ServerContext* context,
                            const v1::RedeemTicketRequest* request,
                            v1::RedeemTicketResponse* response) override;
  grpc::Status CheckActing(grpc::ServerContext* context,
                           const v1::CheckActingRequest* request,
                           v1::CheckActingResponse* response) override;

 private:
  ActingDesk& desk_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACTING_SERVICE_H_
