#include "tests/support/bad_identity.h"

#include <memory>
#include <vector>

#include "certs/authority.h"
#include "certs/mesh_authority.h"
#include "certs/system_identity.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/signing_key.h"

namespace psm::testing {

absl::Status WriteBadIdentity(const Mesh& mesh, const std::string& name,
                              const pki::CertificateProfile& profile,
                              Issuer issuer) {
  const absl::Time now = mesh.clock().Now();
  const std::string& run = mesh.folder().root();
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate());
  std::vector<Certificate> chain;
  if (issuer == Issuer::kMesh) {
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<pki::MeshAuthority> authority,
                         pki::MeshAuthority::Open(run, mesh.clock()));
    PSM_ASSIGN_OR_RETURN(Certificate leaf,
                         authority->issuer().Issue(profile, *key->Public()));
    chain = {leaf, authority->issuer().certificate()};
  } else {
    PSM_ASSIGN_OR_RETURN(
        std::unique_ptr<pki::Authority> root,
        pki::Authority::CreateRoot("root-1", now, absl::Hours(48)));
    PSM_ASSIGN_OR_RETURN(
        std::unique_ptr<pki::Authority> intermediate,
        root->CreateIntermediate("intermediate-1", now, absl::Hours(47)));
    PSM_ASSIGN_OR_RETURN(Certificate leaf,
                         intermediate->Issue(profile, *key->Public()));
    chain = {leaf, intermediate->certificate()};
  }
  return pki::WriteIdentity(pki::SystemFolder(run, name), *key, chain);
}

}  // namespace psm::testing
