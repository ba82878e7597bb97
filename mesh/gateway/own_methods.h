// What the gateway serves itself, beside what it carries.
#ifndef PSM_MESH_GATEWAY_OWN_METHODS_H_
#define PSM_MESH_GATEWAY_OWN_METHODS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/base/task.h"
#include "mesh/exchange/ask.h"
#include "mesh/exchange/environment.h"

namespace psm {

struct OwnMethod {
  absl::string_view path;  // "/psm.linkage.v1.LinkageService/Retrieve"
  // Answers a unary call; null for reflection, health and subscriptions, which
  // stream or need no peer.
  Task<Answer> (*answer)(Environment& env, Ask ask);

  std::string service() const {
    return std::string(path.substr(1, path.rfind('/') - 1));
  }
};

// All of them; a handful, in no order.
absl::Span<const OwnMethod> OwnMethods();

// The one with this path, or null.
const OwnMethod* FindOwnMethod(absl::string_view path);

inline constexpr absl::string_view kHealthCheckPath =
    "/grpc.health.v1.Health/Check";
inline constexpr absl::string_view kHealthWatchPath =
    "/grpc.health.v1.Health/Watch";
inline constexpr absl::string_view kReflectionPath =
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
inline constexpr absl::string_view kReflectionAlphaPath =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

}  // namespace psm

#endif  // PSM_MESH_GATEWAY_OWN_METHODS_H_
