// Answers grpc.reflection.v1 (and v1alpha, which is the same on the wire) about
// everything the gateway serves.
#ifndef PSM_MESH_GATEWAY_REFLECTION_H_
#define PSM_MESH_GATEWAY_REFLECTION_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "mesh/policy/policy_engine.h"

namespace psm {

// Questions are short, anybody in the mesh may ask them, and their answers are
// dozens of files: what has been serialised once is kept, so that whoever asks
// without end costs little more than the bytes he takes. Belongs to one worker.
class Reflection {
 public:
  // One serialised ServerReflectionResponse for one serialised
  // ServerReflectionRequest, about the contracts of `policy`. What cannot be
  // found, and bytes that do not parse, are answered as the protocol says, in
  // an ErrorResponse.
  std::string Answer(const std::shared_ptr<const PolicyEngine>& policy,
                     absl::string_view request);

 private:
  class Answerer;

  // Whose contracts' files are kept; others take their place.
  std::weak_ptr<const PolicyEngine> policy_;
  // Serialised FileDescriptorProtos: at most one for each file there is.
  absl::flat_hash_map<const google::protobuf::FileDescriptor*, std::string>
      files_;
};

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_REFLECTION_H_
