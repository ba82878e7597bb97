// When an account may act under a delegation. Plain functions; knows no
// database.
#ifndef PSM_SERVICES_GBIZID_ACTING_RULES_H_
#define PSM_SERVICES_GBIZID_ACTING_RULES_H_

#include <string>

#include "absl/time/time.h"
#include "psm/gbizid/v1/account.pb.h"
#include "psm/gbizid/v1/delegation.pb.h"

namespace psm::gbizid {

// The Prime of the account's own business: itself, or its parent.
const std::string& PrimeIdOf(const v1::Account& account);

// Whether a delegation was accepted, has begun and has not ended.
bool IsInForce(const v1::Delegation& delegation, absl::Time now);

// Whether the account may act under it: it is in force and to the account's
// business, where the account has a role. That the accounts may be used at all
// is not looked at.
bool MayActUnder(const v1::Account& account, const v1::Delegation& delegation,
                 absl::Time now);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACTING_RULES_H_
