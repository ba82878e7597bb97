// The register asks identity for a person's name; nobody else knows it.
#ifndef PSM_SERVICES_ACCOUNTS_PERSON_NAMES_H_
#define PSM_SERVICES_ACCOUNTS_PERSON_NAMES_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"

namespace psm {

// Where a person's name comes from. Thread-safe.
class PersonNames {
 public:
  virtual ~PersonNames() = default;

  // The person's name in katakana, as of now. UNAVAILABLE NAME_UNAVAILABLE
  // where it cannot be had, for whatever reason. `call` is the one that this
  // serves: its deadline binds.
  virtual absl::StatusOr<std::string> KanaOf(const agency::CallContext& call,
                                             absl::string_view subject) = 0;
};

// Asks BasicItemsService through the gateway, for the affair
// account-registration.
class IdentityNames : public PersonNames {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit IdentityNames(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<std::string> KanaOf(const agency::CallContext& call,
                                     absl::string_view subject) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_PERSON_NAMES_H_
