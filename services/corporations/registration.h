// Changes of corporations, each registered once and never lost. Knows no gRPC.
#ifndef PSM_SERVICES_CORPORATIONS_REGISTRATION_H_
#define PSM_SERVICES_CORPORATIONS_REGISTRATION_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/agency/call_context.h"
#include "mesh/agency/database.h"
#include "psm/corporations/v1/corporations.pb.h"

namespace psm::corporations {

// Thread-safe. `database` must outlive the registration and have
// CorporationMigrations().
class Registration {
 public:
  explicit Registration(agency::Database* database) : database_(*database) {}

  // Registers a change that passed CheckChange, at `now`, and closes or bumps
  // whom it concerns, all in one transaction; `ids` are those of a new address.
  // A retry of the same exchange gets the first answer and changes nothing.
  // NOT_FOUND CORPORATION_UNKNOWN; ABORTED ETAG_STALE; FAILED_PRECONDITION
  // CORPORATION_CLOSED, NOTHING_CHANGES; INVALID_ARGUMENT
  // EFFECTIVE_DATE_INVALID for a day before the last change of the corporation
  // (or, for a merger, of the successor), SUCCESSOR_INVALID for one that is not
  // there or closed. Else as Database::Once.
  absl::StatusOr<v1::RegisterChangeResponse> Register(
      const agency::CallContext& call, const v1::RegisterChangeRequest& request,
      const v1::AddressIds& ids, absl::Time now);

  // What Register answered this exchange before; nullopt: nothing.
  absl::StatusOr<std::optional<v1::RegisterChangeResponse>> Registered(
      const agency::CallContext& call);

 private:
  agency::Database& database_;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_REGISTRATION_H_
