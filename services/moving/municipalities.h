// The two municipalities of a move, asked through the gateway.
#ifndef PSM_SERVICES_MOVING_MUNICIPALITIES_H_
#define PSM_SERVICES_MOVING_MUNICIPALITIES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/residents/v1/notices.pb.h"

namespace psm::moving {

// Each call serves `call` and goes to the register of one municipality under
// `exchange_id`. Errors as the gateway gave them. Thread-safe.
class Municipalities {
 public:
  virtual ~Municipalities() = default;

  // Whether the register is there and answers about the person, asked before
  // anything is entered anywhere: OK also where he does not live there.
  virtual absl::Status Reach(const agency::CallContext& call,
                             absl::string_view municipality,
                             const std::string& exchange_id,
                             const std::string& subject) = 0;
  virtual absl::StatusOr<residents::v1::NotifyMoveOutResponse> NotifyMoveOut(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::NotifyMoveOutRequest& request) = 0;
  virtual absl::Status AnnounceMoveIn(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::AnnounceMoveInRequest& request) = 0;
  virtual absl::Status WithdrawAnnouncement(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::WithdrawAnnouncementRequest& request) = 0;
  virtual absl::Status WithdrawMoveOut(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::WithdrawMoveOutRequest& request) = 0;
};

// NoticesService and ResidentsService, for the affair one-stop-moving.
class MeshMunicipalities final : public Municipalities {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit MeshMunicipalities(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::Status Reach(const agency::CallContext& call,
                     absl::string_view municipality,
                     const std::string& exchange_id,
                     const std::string& subject) override;
  absl::StatusOr<residents::v1::NotifyMoveOutResponse> NotifyMoveOut(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::NotifyMoveOutRequest& request) override;
  absl::Status AnnounceMoveIn(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::AnnounceMoveInRequest& request) override;
  absl::Status WithdrawAnnouncement(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::WithdrawAnnouncementRequest& request) override;
  absl::Status WithdrawMoveOut(
      const agency::CallContext& call, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::WithdrawMoveOutRequest& request) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::moving

#endif  // PSM_SERVICES_MOVING_MUNICIPALITIES_H_
