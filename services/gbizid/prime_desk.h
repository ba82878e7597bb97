// How an Entry becomes a Prime, and what officers do with accounts.
#ifndef PSM_SERVICES_GBIZID_PRIME_DESK_H_
#define PSM_SERVICES_GBIZID_PRIME_DESK_H_

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/prime_service.pb.h"
#include "services/gbizid/desk_parts.h"
#include "services/gbizid/representatives.h"

namespace psm::gbizid {

// Refusals are those of the contract (prime_service.proto). Thread-safe. What
// it is given must outlive it.
class PrimeDesk {
 public:
  PrimeDesk(DeskParts parts, Representatives* representatives)
      : parts_(parts), representatives_(*representatives) {}

  // What makes a Prime asks the registry of corporations before it writes,
  // outside of any transaction.
  absl::StatusOr<v1::ApplyForPrimeResponse> Apply(
      const agency::CallContext& call, const v1::ApplyForPrimeRequest& request);
  // Asks identity, too.
  absl::StatusOr<v1::ApproveByCardResponse> ApproveByCard(
      const agency::CallContext& call, const v1::ApproveByCardRequest& request);
  absl::StatusOr<v1::ListApplicationsResponse> List(
      const agency::CallContext& call,
      const v1::ListApplicationsRequest& request);
  absl::StatusOr<v1::DecideApplicationResponse> Decide(
      const agency::CallContext& call,
      const v1::DecideApplicationRequest& request);
  absl::StatusOr<v1::SetSuspendedResponse> SetSuspended(
      const agency::CallContext& call, const v1::SetSuspendedRequest& request);
  absl::StatusOr<v1::ShowAccountResponse> Show(
      const agency::CallContext& call, const v1::ShowAccountRequest& request);

 private:
  // Whether the person of the card may make a Prime of the account, as the
  // registry and identity have it now.
  absl::Status CheckCard(const agency::CallContext& call,
                         const v1::Account& account,
                         const v1::ApproveByCardRequest& request);

  const DeskParts parts_;
  Representatives& representatives_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PRIME_DESK_H_
