// From configuration folders to a policy in force: read, checked as a whole, or
// refused as a whole.
#ifndef PSM_MESH_GATEWAY_POLICY_LOADER_H_
#define PSM_MESH_GATEWAY_POLICY_LOADER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mesh/directory/configuration.h"
#include "mesh/policy/policy_engine.h"

namespace psm {

// Checks everything that has been loaded. Errors of ContractSet, Directory and
// PolicyEngine, in that order.
absl::StatusOr<std::shared_ptr<const PolicyEngine>> PolicyOf(
    const Configuration& configuration);

// Loads and checks everything that the folders hold. Errors of
// LoadConfiguration, then of PolicyOf.
absl::StatusOr<std::shared_ptr<const PolicyEngine>> LoadPolicy(
    absl::Span<const std::string> folders);

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_POLICY_LOADER_H_
