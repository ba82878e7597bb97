// Tells the mesh who is under protection, so that no path discloses it.
#ifndef PSM_SERVICES_RESIDENTS_PROTECTION_FLAG_H_
#define PSM_SERVICES_RESIDENTS_PROTECTION_FLAG_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "mesh/agency/holdings.h"

namespace psm {

// Thread-safe.
class ProtectionFlag {
 public:
  virtual ~ProtectionFlag() = default;

  // Durable when it returns OK. The exchange id, a UUID, makes a repeated call
  // the same. UNAVAILABLE MESH_UNAVAILABLE, whatever the cause.
  virtual absl::Status Set(const std::string& subject, bool is_protected,
                           const std::string& exchange_id) = 0;
};

// HoldingsService of the gateway.
class MeshProtectionFlag final : public ProtectionFlag {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit MeshProtectionFlag(agency::GatewaySource gateway)
      : gateway_(std::move(gateway)) {}

  absl::Status Set(const std::string& subject, bool is_protected,
                   const std::string& exchange_id) override;

 private:
  const agency::GatewaySource gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_PROTECTION_FLAG_H_
