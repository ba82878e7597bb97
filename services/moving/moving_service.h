// MovingService: takes one notice and passes it on to both municipalities.
#ifndef PSM_SERVICES_MOVING_MOVING_SERVICE_H_
#define PSM_SERVICES_MOVING_MOVING_SERVICE_H_

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/clock.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "services/moving/move_store.h"
#include "services/moving/municipalities.h"

namespace psm::moving {

// Thread-safe. What it is given must outlive it.
class MovingService final : public v1::MovingService::Service {
 public:
  MovingService(MoveStore* moves, Municipalities* municipalities,
                const Clock* clock)
      : moves_(*moves), municipalities_(*municipalities), clock_(*clock) {}

  grpc::Status StartMove(grpc::ServerContext* context,
                         const v1::StartMoveRequest* request,
                         v1::StartMoveResponse* response) override;
  grpc::Status WithdrawMove(grpc::ServerContext* context,
                            const v1::WithdrawMoveRequest* request,
                            v1::WithdrawMoveResponse* response) override;
  grpc::Status ListMoves(grpc::ServerContext* context,
                         const v1::ListMovesRequest* request,
                         v1::ListMovesResponse* response) override;

 private:
  absl::StatusOr<v1::StartMoveResponse> Start(
      const agency::CallContext& call, const v1::StartMoveRequest& request);
  absl::StatusOr<v1::WithdrawMoveResponse> Withdraw(
      const agency::CallContext& call, const v1::WithdrawMoveRequest& request);

  MoveStore& moves_;
  Municipalities& municipalities_;
  const Clock& clock_;
};

}  // namespace psm::moving

#endif  // PSM_SERVICES_MOVING_MOVING_SERVICE_H_
