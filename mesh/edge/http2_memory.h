// Where nghttp2's sessions have their memory.
#ifndef PSM_MESH_EDGE_HTTP2_MEMORY_H_
#define PSM_MESH_EDGE_HTTP2_MEMORY_H_

#include <nghttp2/nghttp2.h>

namespace psm::edge {

// The process's own allocator, but that of a large buffer only those pages are
// resident that have been written to. Each session has one of 16 KiB for the
// frames that it makes, most of which are small. For sessions that are many and
// mostly idle. Lives forever; for any thread.
nghttp2_mem* SparseMemory();

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_HTTP2_MEMORY_H_
