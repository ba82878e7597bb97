// What a client in any language needs to call through a mesh, as shell
// variables.
#ifndef PSM_MESH_CLI_ENVIRONMENT_LINES_H_
#define PSM_MESH_CLI_ENVIRONMENT_LINES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/cli/run_folder.h"

namespace psm {

// `NAME=value` lines: PSM_GATEWAY (host:port), PSM_CA, PSM_CERT, PSM_KEY,
// PSM_SYSTEM, PSM_RUN. PSM_GATEWAY is empty while no gateway serves.
std::string EnvironmentLines(const RunFolder& folder, absl::string_view system);

}  // namespace psm

#endif  // PSM_MESH_CLI_ENVIRONMENT_LINES_H_
