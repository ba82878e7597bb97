#include "mesh/gateway/policy_loader.h"

#include <utility>

#include "mesh/base/status_macros.h"
#include "mesh/contracts/plan.h"
#include "mesh/directory/directory.h"

namespace psm {

absl::StatusOr<std::shared_ptr<const PolicyEngine>> PolicyOf(
    const Configuration& configuration) {
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const ContractSet> contracts,
                       ContractSet::Create(configuration.descriptor_sets));
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const Directory> directory,
                       Directory::Create(configuration));
  return PolicyEngine::Create(configuration, std::move(directory),
                              std::move(contracts));
}

absl::StatusOr<std::shared_ptr<const PolicyEngine>> LoadPolicy(
    absl::Span<const std::string> folders) {
  PSM_ASSIGN_OR_RETURN(Configuration configuration, LoadConfiguration(folders));
  return PolicyOf(configuration);
}

}  // namespace psm
