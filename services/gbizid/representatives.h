// gbizid asks identity what a person is called; it knows nobody itself.
#ifndef PSM_SERVICES_GBIZID_REPRESENTATIVES_H_
#define PSM_SERVICES_GBIZID_REPRESENTATIVES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"

namespace psm::gbizid {

// Where a person's name comes from. Thread-safe.
class Representatives {
 public:
  virtual ~Representatives() = default;

  // Family and given name, as of now. UNAVAILABLE NAME_UNAVAILABLE where it
  // cannot be had, for whatever reason. `call` is the one that this serves.
  virtual absl::StatusOr<std::string> NameOf(const agency::CallContext& call,
                                             const std::string& subject) = 0;
};

// Asks BasicItemsService through the gateway, for the affair business-account.
class IdentityRepresentatives final : public Representatives {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit IdentityRepresentatives(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<std::string> NameOf(const agency::CallContext& call,
                                     const std::string& subject) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_REPRESENTATIVES_H_
