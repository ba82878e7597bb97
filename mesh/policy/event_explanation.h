// What may be told of life events, in words, for developers: `psm check --why`
// of a subscription.
#ifndef PSM_MESH_POLICY_EVENT_EXPLANATION_H_
#define PSM_MESH_POLICY_EVENT_EXPLANATION_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/policy/policy_engine.h"

namespace psm {

// Answers as PolicyEngine::FindEvents does, for all types at once and on both
// bases: which agreements tell the consumer of what, and of those by consent,
// what the consent decides; else which agreement is missing. `publisher` may be
// null: any.
Explanation ExplainEvents(const PolicyEngine& policy, const System& consumer,
                          absl::string_view affair, const System* publisher,
                          absl::Time now);

}  // namespace psm

#endif  // PSM_MESH_POLICY_EVENT_EXPLANATION_H_
