// gbizid asks the registry of corporations what one is called, who represents
// it and whether it still is; it decides on no copy of that.
#ifndef PSM_SERVICES_GBIZID_CORPORATION_SOURCE_H_
#define PSM_SERVICES_GBIZID_CORPORATION_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/corporations/v1/corporations.pb.h"

namespace psm::gbizid {

// Thread-safe.
class CorporationSource {
 public:
  // What the registry has of one that is ACTIVE.
  struct Corporation {
    std::string name;
    std::string representative;
  };

  virtual ~CorporationSource() = default;

  // As of now; ask before a transaction begins. FAILED_PRECONDITION
  // CORPORATION_UNKNOWN, CORPORATION_MERGED, CORPORATION_DISSOLVED; UNAVAILABLE
  // CORPORATIONS_UNAVAILABLE where the registry does not say, for whatever
  // reason. `call` is the one that this serves; null where there is none.
  virtual absl::StatusOr<Corporation> InBeing(
      const agency::CallContext* call, const std::string& corporate_number) = 0;
};

// As InBeing of a corporation; OK without a number: a sole proprietor has none.
absl::Status CheckInBeing(CorporationSource& source,
                          const agency::CallContext* call,
                          const std::string& corporate_number);

// What an answer of the registry means here, as InBeing.
absl::StatusOr<CorporationSource::Corporation> ReadRegistered(
    const corporations::v1::GetCorporationResponse& found);

// Asks CorporationsService through the gateway, for the affair
// corporate-information.
class RegistryCorporations final : public CorporationSource {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  explicit RegistryCorporations(
      std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<Corporation> InBeing(
      const agency::CallContext* call,
      const std::string& corporate_number) override;

 private:
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_CORPORATION_SOURCE_H_
