// The name of the process that renews certificates.
#ifndef PSM_MESH_DIRECTORY_RENEWAL_PROCESS_H_
#define PSM_MESH_DIRECTORY_RENEWAL_PROCESS_H_

namespace psm {

// Where processes are named as systems are. It is none: it has no certificate
// and serves nothing.
inline constexpr char kRenewalProcess[] = "mesh/pki";

}  // namespace psm

#endif  // PSM_MESH_DIRECTORY_RENEWAL_PROCESS_H_
