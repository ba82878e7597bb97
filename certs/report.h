// What psm-pki prints: tables for terminals of 80 columns.
#ifndef PSM_CERTS_REPORT_H_
#define PSM_CERTS_REPORT_H_

#include <string>

#include "absl/time/time.h"
#include "certs/mesh_authority.h"

namespace psm::pki {

// Every system with its certificate, then authorities and revocation lists.
// Lines stay under 80 columns while ids stay under 29 characters.
std::string StatusReport(const MeshAuthority& mesh, absl::Time now);

// Every certificate that was issued and is remembered, in order of issue.
std::string IndexReport(const MeshAuthority& mesh, absl::Time now);

}  // namespace psm::pki

#endif  // PSM_CERTS_REPORT_H_
