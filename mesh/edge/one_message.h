// What a handler takes that reads messages itself: identity encoding, and where
// a method is not a stream, one message.
#ifndef PSM_MESH_EDGE_ONE_MESSAGE_H_
#define PSM_MESH_EDGE_ONE_MESSAGE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/edge/stream_handler.h"

namespace psm::edge {

// UNIMPLEMENTED COMPRESSION_NOT_OFFERED for a compressed message.
absl::Status CheckUncompressed(const GrpcMessage& message);

// The request of a method that takes one message. Both functions give
// INVALID_ARGUMENT MESSAGE_COUNT where there is another number of them.
class OneMessage {
 public:
  // Errors as CheckUncompressed, too.
  absl::Status Put(GrpcMessage message);
  // At the end of the request, once.
  absl::StatusOr<std::string> Take();

 private:
  std::string bytes_;
  bool has_message_ = false;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_ONE_MESSAGE_H_
