// Opening accounts: an Entry by anybody, Members by invitation of a Prime.
#ifndef PSM_SERVICES_GBIZID_ACCOUNT_DESK_H_
#define PSM_SERVICES_GBIZID_ACCOUNT_DESK_H_

#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "psm/gbizid/v1/accounts_service.pb.h"
#include "services/gbizid/desk_parts.h"

namespace psm::gbizid {

inline constexpr absl::Duration kInvitationLifetime = absl::Hours(7 * 24);

// Refusals are those of the contract (accounts_service.proto). Thread-safe.
class AccountDesk {
 public:
  explicit AccountDesk(DeskParts parts) : parts_(parts) {}

  // Asks the registry of corporations before it writes, outside of any
  // transaction.
  absl::StatusOr<v1::OpenEntryResponse> OpenEntry(
      const agency::CallContext& call, const v1::OpenEntryRequest& request);
  absl::StatusOr<v1::InviteMemberResponse> InviteMember(
      const agency::CallContext& call, const v1::InviteMemberRequest& request);
  absl::StatusOr<v1::AcceptInvitationResponse> AcceptInvitation(
      const agency::CallContext& call,
      const v1::AcceptInvitationRequest& request);
  absl::StatusOr<v1::ListMembersResponse> ListMembers(
      const agency::CallContext& call, const v1::ListMembersRequest& request);
  absl::StatusOr<v1::UpdateMemberResponse> UpdateMember(
      const agency::CallContext& call, const v1::UpdateMemberRequest& request);

 private:
  // The business that an Entry is opened for, as a new account without
  // credentials.
  absl::StatusOr<v1::Account> BusinessIn(const agency::CallContext& call,
                                         const v1::OpenEntryRequest& request);
  // What an authenticator app is given.
  std::string OneTimeSecretText(const std::string& account_id) const;

  const DeskParts parts_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACCOUNT_DESK_H_
