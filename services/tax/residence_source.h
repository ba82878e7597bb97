// Where the tax office learns who lived here on a 1 January: its own
// municipality's resident register, through the gateway.
#ifndef PSM_SERVICES_TAX_RESIDENCE_SOURCE_H_
#define PSM_SERVICES_TAX_RESIDENCE_SOURCE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "grpcpp/channel.h"
#include "mesh/agency/call_context.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {

// Thread-safe.
class ResidenceSource {
 public:
  // What the register says of somebody.
  struct Resident {
    std::string kana;        // full-width, with an ideographic space
    std::string birth_date;  // YYYY-MM-DD
  };

  virtual ~ResidenceSource() = default;

  // Whether the person lived in this municipality on `day`. UNAVAILABLE
  // RESIDENCE_UNKNOWN where that cannot be learnt, whatever the cause. `call`
  // is the one that this serves.
  virtual absl::StatusOr<bool> LivedHere(const agency::CallContext& call,
                                         absl::string_view subject,
                                         absl::CivilDay day) = 0;

  // The person as the register has him on `day`; nullopt where he did not live
  // here. Errors as LivedHere.
  virtual absl::StatusOr<std::optional<Resident>> ResidentOn(
      const agency::CallContext& call, absl::string_view subject,
      absl::CivilDay day) = 0;
};

// ResidentsService of the same municipality. For the affair residence-tax it
// gets no attribute: that there is an answer is the answer. For the affair
// link-check it gets kana and date of birth.
class RegisterResidence final : public ResidenceSource {
 public:
  // `gateway` gives the channel of the moment (Agency::gateway).
  RegisterResidence(std::string agency_id,
                    std::function<std::shared_ptr<grpc::Channel>()> gateway)
      : agency_id_(std::move(agency_id)), gateway_(std::move(gateway)) {}

  absl::StatusOr<bool> LivedHere(const agency::CallContext& call,
                                 absl::string_view subject,
                                 absl::CivilDay day) override;
  absl::StatusOr<std::optional<Resident>> ResidentOn(
      const agency::CallContext& call, absl::string_view subject,
      absl::CivilDay day) override;

 private:
  // nullopt where the person did not live here.
  absl::StatusOr<std::optional<residents::v1::GetHouseholdResponse>> Ask(
      const agency::CallContext& call, const char* affair,
      absl::string_view subject, absl::CivilDay day);

  const std::string agency_id_;
  const std::function<std::shared_ptr<grpc::Channel>()> gateway_;
};

}  // namespace psm

#endif  // PSM_SERVICES_TAX_RESIDENCE_SOURCE_H_
