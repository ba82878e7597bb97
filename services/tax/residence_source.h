// Where the tax office learns who lived here on a 1 January: its own
// municipality's resident register, through the gateway.
#ifndef PSM_SERVICES_TAX_RESIDENCE_SOURCE_H_
#define PSM_SERVICES_TAX_RESIDENCE_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"

namespace psm {

// Thread-safe.
class ResidenceSource {
 public:
  virtual ~ResidenceSource() = default;

  // Whether the person lived in this municipality on `day`. UNAVAILABLE
  // RESIDENCE_UNKNOWN where that cannot be learnt, whatever the cause. `call`
  // is the one that this serves.
  virtual absl::StatusOr<bool> LivedHere(const agency::CallContext& call,
                                         absl::string_view subject,
                                         absl::CivilDay day) = 0;
};

// ResidentsService of the same municipality, for the affair residence-tax. It
// asks for no attribute: that there is an answer is the answer.
class RegisterResidence final : public ResidenceSource {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  RegisterResidence(std::string agency_id,
                    std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : agency_id_(std::move(agency_id)), gateway_(std::move(gateway)) {}

  absl::StatusOr<bool> LivedHere(const agency::CallContext& call,
                                 absl::string_view subject,
                                 absl::CivilDay day) override;

 private:
  const std::string agency_id_;
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_RESIDENCE_SOURCE_H_
