// Where the bank learns a customer's latest address: identity, through the
// gateway.
#ifndef PSM_SERVICES_BANK_ADDRESS_SOURCE_H_
#define PSM_SERVICES_BANK_ADDRESS_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"

namespace psm::bank {

// Thread-safe.
class AddressSource {
 public:
  virtual ~AddressSource() = default;

  // The address of the person whom a consent token names; "" where the consent
  // does not cover it. `token` passed SubjectOfToken. Goes out under the
  // exchange id of `call` (ids are scoped to who asks), so that a retry makes
  // no second record. Errors as the gateway gave them.
  virtual absl::StatusOr<std::string> GetAddress(
      const agency::CallContext& call, absl::string_view token) = 0;
};

// BasicItemsService of identity, for the affair customer-address. Thread-safe.
class MeshAddressSource final : public AddressSource {
 public:
  // `gateway` gives the channel to the gateway; it is asked before each call,
  // on any thread.
  explicit MeshAddressSource(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<std::string> GetAddress(const agency::CallContext& call,
                                         absl::string_view token) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::bank

#endif  // PSM_SERVICES_BANK_ADDRESS_SOURCE_H_
