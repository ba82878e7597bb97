// What relying services ask: who brought a ticket, and for whom an account may
// act there now.
#ifndef PSM_SERVICES_GBIZID_ACTING_DESK_H_
#define PSM_SERVICES_GBIZID_ACTING_DESK_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/delegation.pb.h"
#include "services/gbizid/desk_parts.h"

namespace psm::gbizid {

inline constexpr absl::Duration kTicketLifetime = absl::Minutes(5);

// Refusals are those of the contract (delegation.proto). Thread-safe.
class ActingDesk {
 public:
  explicit ActingDesk(DeskParts parts) : parts_(parts) {}

  absl::StatusOr<v1::IssueTicketResponse> Issue(
      const agency::CallContext& call, const v1::IssueTicketRequest& request);
  // By the system that calls, and by no other.
  absl::StatusOr<v1::RedeemTicketResponse> Redeem(
      const agency::CallContext& call, const v1::RedeemTicketRequest& request);
  // At the system that calls.
  absl::StatusOr<v1::CheckActingResponse> Check(
      const agency::CallContext& call, const v1::CheckActingRequest& request);

 private:
  const DeskParts parts_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACTING_DESK_H_
