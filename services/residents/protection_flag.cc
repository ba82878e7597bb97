#include "services/residents/protection_flag.h"

#include "mesh/agency/call_context.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"

namespace psm {

absl::Status MeshProtectionFlag::Set(const std::string& subject,
                                     bool is_protected,
                                     const std::string& exchange_id) {
  const absl::Status status =
      agency::SetProtection(gateway_, subject, is_protected, exchange_id);
  if (status.ok()) return status;
  LogError("protection_not_set",
           {{"code", absl::StatusCodeToString(status.code())},
            {"reason", ReasonOf(status)}});
  return agency::Refusal(absl::StatusCode::kUnavailable, "MESH_UNAVAILABLE",
                         "the mesh did not take the protection over");
}

}  // namespace psm
