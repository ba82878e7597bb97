// Where the registry learns what places an address names: the registry of
// addresses, through the gateway.
#ifndef PSM_SERVICES_CORPORATIONS_ADDRESS_READER_H_
#define PSM_SERVICES_CORPORATIONS_ADDRESS_READER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/corporations/v1/corporations.pb.h"

namespace psm::corporations {

// Thread-safe.
class AddressReader {
 public:
  virtual ~AddressReader() = default;

  // The ids of an address, as far as that registry knows it and at least its
  // town. INVALID_ARGUMENT ADDRESS_MALFORMED; FAILED_PRECONDITION
  // ADDRESS_NOT_UNDERSTOOD; UNAVAILABLE ADDRESSES_UNAVAILABLE where it cannot
  // be asked.
  virtual absl::StatusOr<v1::AddressIds> IdsOf(const agency::CallContext& call,
                                               const std::string& address) = 0;
};

// AddressesService for the affair corporate-registration. Thread-safe.
class MeshAddressReader final : public AddressReader {
 public:
  // `gateway` gives the channel to the gateway; it is asked before each call,
  // on any thread.
  explicit MeshAddressReader(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<v1::AddressIds> IdsOf(const agency::CallContext& call,
                                       const std::string& address) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_ADDRESS_READER_H_
