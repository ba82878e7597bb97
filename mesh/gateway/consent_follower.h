// Keeps the gateway's knowledge of consents fresh: asks the issuer for keys and
// withdrawals, several times a second.
#ifndef PSM_MESH_GATEWAY_CONSENT_FOLLOWER_H_
#define PSM_MESH_GATEWAY_CONSENT_FOLLOWER_H_

#include "absl/time/time.h"
#include "mesh/base/task.h"
#include "mesh/exchange/environment.h"

namespace psm {

// Knowledge about consents older than this refuses consent-based exchanges, so
// that a withdrawal binds within a second even where the issuer cannot be
// asked.
inline constexpr absl::Duration kConsentMaxAge = absl::Seconds(1);
inline constexpr absl::Duration kConsentAskEvery = absl::Milliseconds(200);

// Asks psm.consent.v1.ConsentFeedService/GetFeed at the issuer once and takes
// the answer in. OK, or why not; OK also where the configuration has no issuer.
Task<absl::Status> FollowConsents(Environment& env, Cancellation& cancellation);

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_CONSENT_FOLLOWER_H_
