// Identities that no mesh would issue, for tests that show them refused.
#ifndef PSM_TESTS_SUPPORT_BAD_IDENTITY_H_
#define PSM_TESTS_SUPPORT_BAD_IDENTITY_H_

#include <string>

#include "absl/status/status.h"
#include "certs/certificate_profile.h"
#include "tests/support/mesh.h"

namespace psm::testing {

enum class Issuer {
  kMesh,      // the mesh's own authority
  kStranger,  // one of the same names that nobody trusts
};

// Writes an identity to where the mesh keeps those of its systems, under
// `name` ("bad/expired"), so that Mesh::Client(name) shows it. What it says is
// the profile's business.
absl::Status WriteBadIdentity(const Mesh& mesh, const std::string& name,
                              const pki::CertificateProfile& profile,
                              Issuer issuer = Issuer::kMesh);

}  // namespace psm::testing

#endif  // PSM_TESTS_SUPPORT_BAD_IDENTITY_H_
