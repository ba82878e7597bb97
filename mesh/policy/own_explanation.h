// Why somebody may use the gateway's own services, in words, for developers:
// `psm check --why` of a subscription to life events, or of records.
#ifndef PSM_MESH_POLICY_OWN_EXPLANATION_H_
#define PSM_MESH_POLICY_OWN_EXPLANATION_H_

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

// Answers as PolicyEngine::MayReadRecords does, for persons and corporations at
// once: whose records the consumer may read for the affair, or why nobody's and
// which agreement is missing.
Explanation ExplainRecords(const PolicyEngine& policy, const System& consumer,
                           absl::string_view affair, absl::Time now);

}  // namespace psm

#endif  // PSM_MESH_POLICY_OWN_EXPLANATION_H_
