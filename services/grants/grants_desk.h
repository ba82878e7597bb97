// What grants decides: who may act for whom (as gbizid says), what is filled
// in, what may be handed in and when.
#ifndef PSM_SERVICES_GRANTS_GRANTS_DESK_H_
#define PSM_SERVICES_GRANTS_GRANTS_DESK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "psm/grants/v1/grants.pb.h"
#include "services/gbizid/token_key.h"
#include "services/grants/programme_set.h"
#include "services/grants/sources.h"

namespace psm::grants {

inline constexpr absl::Duration kSessionLifetime = absl::Minutes(30);

// Refusals are those of the contract (grants.proto). Others are asked outside
// of any transaction; a retry of an answered WRITE asks nobody. Thread-safe.
class GrantsDesk {
 public:
  // All must outlive the desk.
  struct Parts {
    agency::Database* database;
    const gbizid::TokenKey* tokens;
    const ProgrammeSet* programmes;
    Sources* sources;
    const Clock* clock;
    Random* random;
  };

  explicit GrantsDesk(Parts parts) : parts_(parts) {}

  v1::ListProgrammesResponse List() const;
  absl::StatusOr<v1::SignInResponse> SignIn(const agency::CallContext& call,
                                            const v1::SignInRequest& request);
  absl::StatusOr<v1::StartApplicationResponse> Start(
      const agency::CallContext& call,
      const v1::StartApplicationRequest& request);
  absl::StatusOr<v1::SubmitApplicationResponse> Submit(
      const agency::CallContext& call,
      const v1::SubmitApplicationRequest& request);
  absl::StatusOr<v1::GetApplicationResponse> Get(
      const agency::CallContext& call,
      const v1::GetApplicationRequest& request);
  absl::StatusOr<v1::ListSubmittedResponse> ListSubmitted(
      const agency::CallContext& call, const v1::ListSubmittedRequest& request);
  absl::StatusOr<v1::DecideApplicationResponse> Decide(
      const agency::CallContext& call,
      const v1::DecideApplicationRequest& request);

 private:
  // Who is signed in, as gbizid calls the account. UNAUTHENTICATED
  // SESSION_INVALID.
  absl::StatusOr<std::string> AccountIn(const std::string& session);
  // Who holds the request's session, and for which business gbizid lets him act
  // now in that role. Errors of AccountIn and Check.
  struct Actor {
    std::string account_id;
    Authority authority;
  };
  template <typename Request>
  absl::StatusOr<Actor> ActorOf(const agency::CallContext& call,
                                const Request& request,
                                gbizid::v1::RoleGrant::Role role);
  // The act of an account for a business, which gbizid has just allowed.
  v1::Act ActOf(v1::Act::Kind kind, const std::string& account_id,
                const Authority& authority) const;
  // The form, filled in. FAILED_PRECONDITION NOT_ELIGIBLE; errors of
  // Sources::Corporation, Business and NameOf.
  absl::StatusOr<std::vector<v1::Field>> FillIn(
      const agency::CallContext& call, const v1::Programme& programme,
      const gbizid::v1::CheckActingResponse& acting);

  const Parts parts_;
};

}  // namespace psm::grants

#endif  // PSM_SERVICES_GRANTS_GRANTS_DESK_H_
