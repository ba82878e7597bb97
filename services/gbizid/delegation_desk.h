// Delegations as the two businesses make and end them.
#ifndef PSM_SERVICES_GBIZID_DELEGATION_DESK_H_
#define PSM_SERVICES_GBIZID_DELEGATION_DESK_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/delegation.pb.h"
#include "services/gbizid/desk_parts.h"

namespace psm::gbizid {

inline constexpr absl::Duration kMaxDelegation = absl::Hours(3 * 366 * 24);

// Refusals are those of the contract (delegation.proto). Thread-safe.
class DelegationDesk {
 public:
  explicit DelegationDesk(DeskParts parts) : parts_(parts) {}

  // What makes a delegation asks the registry of corporations about both sides
  // before it writes, outside of any transaction; what ends one asks nobody.
  absl::StatusOr<v1::OfferDelegationResponse> Offer(
      const agency::CallContext& call,
      const v1::OfferDelegationRequest& request);
  absl::StatusOr<v1::AnswerDelegationResponse> Answer(
      const agency::CallContext& call,
      const v1::AnswerDelegationRequest& request);
  absl::StatusOr<v1::EndDelegationResponse> End(
      const agency::CallContext& call, const v1::EndDelegationRequest& request);
  absl::StatusOr<v1::ListDelegationsResponse> List(
      const agency::CallContext& call,
      const v1::ListDelegationsRequest& request);

 private:
  const DeskParts parts_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_DELEGATION_DESK_H_
