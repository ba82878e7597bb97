// W3C trace context: continues a caller's trace with a span of our own.
#ifndef PSM_MESH_EXCHANGE_TRACE_H_
#define PSM_MESH_EXCHANGE_TRACE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mesh/crypto/digest.h"

namespace psm {

// The `traceparent` for the next hop: same trace id and flags, a new parent id.
// "" where the caller's is absent or malformed (W3C Trace Context, 3.2).
std::string ContinueTrace(absl::string_view traceparent, Random& random);

}  // namespace psm

#endif  // PSM_MESH_EXCHANGE_TRACE_H_
