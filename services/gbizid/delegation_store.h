// Delegations in the system's own database. Decides nothing.
#ifndef PSM_SERVICES_GBIZID_DELEGATION_STORE_H_
#define PSM_SERVICES_GBIZID_DELEGATION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "psm/gbizid/v1/delegation.pb.h"
#include "soci/soci.h"

namespace psm::gbizid {

// All functions run inside the caller's transaction; SOCI's exceptions pass.
class DelegationStore {
 public:
  static std::optional<v1::Delegation> Find(soci::session& sql,
                                            const std::string& delegation_id);

  // Those to and from a Prime, newest first, at most `limit`.
  static std::vector<v1::Delegation> Of(soci::session& sql,
                                        const std::string& prime_id, int limit);

  // The one that is offered or accepted and has not run out at `now`, whether
  // or not it has begun.
  static std::optional<v1::Delegation> Open(soci::session& sql,
                                            const std::string& principal_id,
                                            const std::string& delegate_id,
                                            const std::string& relying_service,
                                            absl::Time now);

  // Keeps a new one.
  static void Insert(soci::session& sql, const v1::Delegation& delegation,
                     absl::Time now);

  // Keeps another state; gives it as it is now.
  static v1::Delegation SetState(soci::session& sql,
                                 const std::string& delegation_id,
                                 v1::Delegation::State state, absl::Time now);
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_DELEGATION_STORE_H_
