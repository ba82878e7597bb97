// Where the gateway serves its log over HTTP, among the endpoints of a run
// folder.
#ifndef PSM_MESH_DIRECTORY_ADMIN_ENDPOINT_H_
#define PSM_MESH_DIRECTORY_ADMIN_ENDPOINT_H_

namespace psm {

// No system's id, so that nobody takes it for one.
inline constexpr char kAdminEndpoint[] = "mesh/gateway.http";

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_ADMIN_ENDPOINT_H_
