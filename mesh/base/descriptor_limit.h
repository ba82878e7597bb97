// How many files and sockets this process may have open.
#ifndef PSM_MESH_BASE_DESCRIPTOR_LIMIT_H_
#define PSM_MESH_BASE_DESCRIPTOR_LIMIT_H_

#include <cstdint>

namespace psm {

// Raises the soft limit of descriptors (RLIMIT_NOFILE, 1024 by custom) to the
// hard one and gives the limit that is in force afterwards, which is the old
// one where it cannot be raised. Before threads exist.
std::uint64_t RaiseDescriptorLimit();

}  // namespace psm

#endif  // PSM_MESH_BASE_DESCRIPTOR_LIMIT_H_
