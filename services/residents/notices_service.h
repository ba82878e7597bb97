// NoticesService over a register: what the gateway may have entered.
#ifndef PSM_SERVICES_RESIDENTS_NOTICES_SERVICE_H_
#define PSM_SERVICES_RESIDENTS_NOTICES_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "mesh/base/clock.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "services/residents/enrolment.h"
#include "services/residents/family_entries.h"
#include "services/residents/household_entries.h"
#include "services/residents/household_protection.h"
#include "services/residents/move_entries.h"
#include "services/residents/protection_gate.h"
#include "services/residents/withdrawals.h"

namespace psm {

// Thread-safe. What it is given must outlive it.
class NoticesService final : public residents::v1::NoticesService::Service {
 public:
  struct Parts {
    MoveEntries* moves;
    Withdrawals* withdrawals;
    FamilyEntries* families;
    HouseholdEntries* households;
    Enrolment* enrolment;
    ProtectionGate* gate;
    HouseholdProtection* protection;
    const Clock* clock;
  };
  explicit NoticesService(const Parts& parts)
      : moves_(*parts.moves),
        withdrawals_(*parts.withdrawals),
        families_(*parts.families),
        households_(*parts.households),
        enrolment_(*parts.enrolment),
        gate_(*parts.gate),
        protection_(*parts.protection),
        clock_(*parts.clock) {}

  grpc::Status NotifyMoveOut(
      grpc::ServerContext* context,
      const residents::v1::NotifyMoveOutRequest* request,
      residents::v1::NotifyMoveOutResponse* response) override;
  grpc::Status AnnounceMoveIn(
      grpc::ServerContext* context,
      const residents::v1::AnnounceMoveInRequest* request,
      residents::v1::AnnounceMoveInResponse* response) override;
  grpc::Status WithdrawAnnouncement(
      grpc::ServerContext* context,
      const residents::v1::WithdrawAnnouncementRequest* request,
      residents::v1::WithdrawAnnouncementResponse* response) override;
  grpc::Status WithdrawMoveOut(
      grpc::ServerContext* context,
      const residents::v1::WithdrawMoveOutRequest* request,
      residents::v1::WithdrawMoveOutResponse* response) override;
  grpc::Status AgreeToJoin(
      grpc::ServerContext* context,
      const residents::v1::AgreeToJoinRequest* request,
      residents::v1::AgreeToJoinResponse* response) override;
  grpc::Status MergeHouseholds(
      grpc::ServerContext* context,
      const residents::v1::MergeHouseholdsRequest* request,
      residents::v1::MergeHouseholdsResponse* response) override;
  grpc::Status SplitHousehold(
      grpc::ServerContext* context,
      const residents::v1::SplitHouseholdRequest* request,
      residents::v1::SplitHouseholdResponse* response) override;
  grpc::Status RegisterMoveIn(
      grpc::ServerContext* context,
      const residents::v1::RegisterMoveInRequest* request,
      residents::v1::RegisterMoveInResponse* response) override;
  // The child is enrolled before the transaction; a retry of a notice that was
  // entered enrols nobody.
  grpc::Status RegisterBirth(
      grpc::ServerContext* context,
      const residents::v1::RegisterBirthRequest* request,
      residents::v1::RegisterBirthResponse* response) override;
  grpc::Status RegisterDeath(
      grpc::ServerContext* context,
      const residents::v1::RegisterDeathRequest* request,
      residents::v1::RegisterDeathResponse* response) override;
  grpc::Status RegisterNameChange(
      grpc::ServerContext* context,
      const residents::v1::RegisterNameChangeRequest* request,
      residents::v1::RegisterNameChangeResponse* response) override;
  grpc::Status RegisterAddressChange(
      grpc::ServerContext* context,
      const residents::v1::RegisterAddressChangeRequest* request,
      residents::v1::RegisterAddressChangeResponse* response) override;
  grpc::Status ChangeHead(grpc::ServerContext* context,
                          const residents::v1::ChangeHeadRequest* request,
                          residents::v1::ChangeHeadResponse* response) override;

 private:
  // Runs `enter` with the notice where the person may be served.
  template <typename Request, typename Response, typename Enter>
  grpc::Status Serve(grpc::ServerContext* context, const Request& request,
                     Response* response, Enter enter);

  // The same where somebody joins a household by it: whom a protected person of
  // it protects is protected before anybody is answered.
  template <typename Request, typename Response, typename Enter>
  grpc::Status ServeJoining(grpc::ServerContext* context,
                            const Request& request, Response* response,
                            Enter enter);

  // Who joins a household is served where all who live in it may be.
  absl::Status PassJoined(const Notice& notice,
                          const std::string& join_agreement);

  MoveEntries& moves_;
  Withdrawals& withdrawals_;
  FamilyEntries& families_;
  HouseholdEntries& households_;
  Enrolment& enrolment_;
  ProtectionGate& gate_;
  HouseholdProtection& protection_;
  const Clock& clock_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_NOTICES_SERVICE_H_
