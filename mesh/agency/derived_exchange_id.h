// Exchange ids that follow from what an agency is at, so that it asks under the
// same ones when it asks again.
#ifndef PSM_MESH_AGENCY_DERIVED_EXCHANGE_ID_H_
#define PSM_MESH_AGENCY_DERIVED_EXCHANGE_ID_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/agency/call_context.h"

namespace psm::agency {

// For calls that one call leads to: a UUID that a retry of `call` leads to
// again, and neither another consumer's call nor another `step` of the same
// one: exchange ids are scoped to who asks, and here one asks on behalf of
// many.
std::string DerivedExchangeId(const CallContext& call, absl::string_view step);

// For work that serves nobody's call and goes on after a restart: the same for
// the same `step` of the same `task`, which has a name that no other task ever
// has, a UUID for instance. The gateway takes what is asked again so within 24
// hours for a retry: nothing answered before is recorded twice, and what was
// refused is decided anew. `step` has to tell all requests of the task apart.
std::string DerivedExchangeId(absl::string_view task, absl::string_view step);

}  // namespace psm::agency

#endif  // PSM_MESH_AGENCY_DERIVED_EXCHANGE_ID_H_
