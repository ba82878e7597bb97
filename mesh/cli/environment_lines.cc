#include "mesh/cli/environment_lines.h"

#include <fstream>

#include "mesh/directory/directory.h"

namespace psm {

std::string EnvironmentLines(const RunFolder& folder,
                             absl::string_view system) {
  std::ifstream in(folder.Endpoint(kGatewaySystem));
  std::string gateway;
  std::getline(in, gateway);
  const std::string certificates = folder.Certificates(system);
  return absl::StrCat("PSM_SYSTEM=", system, "\nPSM_GATEWAY=", gateway,
                      "\nPSM_CA=", folder.Trust(), "\nPSM_CERT=", certificates,
                      "/chain.pem\nPSM_KEY=", certificates,
                      "/key.pem\nPSM_RUN=", folder.root(), "\n");
}

}  // namespace psm
