// The processes of a mesh as whoever changes their certificates sees them from
// outside. Knows nothing of authorities.
#ifndef PSM_CERTS_RUNNING_MESH_H_
#define PSM_CERTS_RUNNING_MESH_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "certs/endpoint_question.h"
#include "certs/system_identity.h"

namespace psm::pki {

// What the gateway says it has in force (mesh/gateway/tls_keeper.h).
struct GatewayInForce {
  std::string certificate;  // serial
  std::uint64_t list_number = 0;
  std::string refuses;  // why nobody is served; "" where they are
  // Systems at the other ends of its connections, by the serial of who issued
  // their certificates.
  std::map<std::string, std::vector<std::string>> peers;
};

class RunningMesh {
 public:
  virtual ~RunningMesh() = default;
  // Ids of the systems that have an endpoint, the gateway among them; sorted.
  // One that was killed may still be there.
  virtual std::vector<std::string> Serving() = 0;
  // See AskEndpoint; NOT_FOUND for a system that has no endpoint by now.
  virtual absl::StatusOr<EndpointAnswer> Ask(absl::string_view system,
                                             const SystemIdentity& as) = 0;
  // NOT_FOUND where the gateway says nothing; DATA_LOSS where it cannot be
  // understood.
  virtual absl::StatusOr<GatewayInForce> Gateway() = 0;
  // Between two looks at the same.
  virtual void Pause() = 0;
};

// That of a run folder: <run>/endpoints, <run>/in-force/mesh/gateway.
class RunFolderMesh final : public RunningMesh {
 public:
  explicit RunFolderMesh(std::string run) : run_(std::move(run)) {}
  std::vector<std::string> Serving() override;
  absl::StatusOr<EndpointAnswer> Ask(absl::string_view system,
                                     const SystemIdentity& as) override;
  absl::StatusOr<GatewayInForce> Gateway() override;
  void Pause() override;

 private:
  const std::string run_;
};

}  // namespace psm::pki

#endif  // PSM_CERTS_RUNNING_MESH_H_
