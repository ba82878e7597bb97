// What the tests share in which certificates change under a mesh that runs.
#ifndef PSM_TESTS_SCENARIOS_CERTIFICATE_SCENARIO_H_
#define PSM_TESTS_SCENARIOS_CERTIFICATE_SCENARIO_H_

#include <memory>
#include <string>

#include "certs/mesh_authority.h"
#include "mesh/cli/said.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {

class CertificateScenario : public Scenario {
 protected:
  // `psm pki` on the run folder of the mesh.
  static Said Pki(const std::string& arguments) {
    return RunPsm(PSM_CLI, mesh().folder().root(), "pki " + arguments);
  }
  // Locks the PKI of the mesh as long as it lives.
  static std::unique_ptr<pki::MeshAuthority> Authority() {
    return *pki::MeshAuthority::Open(mesh().folder().root(), mesh().clock());
  }
  // Of the certificate in a system's folder; "" where there is none.
  static std::string SerialOf(const std::string& system) {
    const auto status = Authority()->StatusOf(system);
    return status.leaf.has_value() ? status.leaf->serial() : "";
  }
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SCENARIOS_CERTIFICATE_SCENARIO_H_
