// A run folder that was prepared once and is copied for each test: making an
// authority, people and cards anew would take longer than the test.
#ifndef PSM_TESTS_SUPPORT_MESH_TEMPLATE_H_
#define PSM_TESTS_SUPPORT_MESH_TEMPLATE_H_

#include <string>

#include "absl/status/status.h"
#include "mesh/cli/launcher.h"

namespace psm::testing {

// Fills the run folder `options.run`, which must not exist yet, with the
// certificates, keys, people, cards and databases of such a mesh, as they are
// after its first start. What it copies lies below `cache`: made by whoever
// asks first (others wait, in other processes, too), and made anew where a
// program or the configuration has changed since. Launcher::Prepare renews what
// is past half of its life.
absl::Status CopyMeshTemplate(const std::string& cache,
                              const LaunchOptions& options);

}  // namespace psm::testing

#endif  // PSM_TESTS_SUPPORT_MESH_TEMPLATE_H_
