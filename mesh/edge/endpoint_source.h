// Where a system listens. Asked each time it is dialled, so that a provider
// that came back on another port is found.
#ifndef PSM_MESH_EDGE_ENDPOINT_SOURCE_H_
#define PSM_MESH_EDGE_ENDPOINT_SOURCE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/directory/directory.h"

namespace psm::edge {

// Thread-safe.
class EndpointSource {
 public:
  virtual ~EndpointSource() = default;

  // "127.0.0.1:50051" or "[::1]:50051": an address, no name to look up.
  // UNAVAILABLE where it is not known. Must not block.
  virtual absl::StatusOr<std::string> Find(const System& system) = 0;
};

// System::endpoint where the configuration gives one, else the file
// <run>/endpoints/<agency>/<system> that a serving process writes. Trusts
// whoever may write it no further than a network: the peer's certificate
// decides.
class RunFolderEndpoints final : public EndpointSource {
 public:
  explicit RunFolderEndpoints(std::string run) : run_(std::move(run)) {}
  absl::StatusOr<std::string> Find(const System& system) override;

 private:
  const std::string run_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_ENDPOINT_SOURCE_H_
