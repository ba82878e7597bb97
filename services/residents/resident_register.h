// A municipality's basic resident register (住民基本台帳), kept in the system's
// own database: what is read of it, and how it was filled. Knows no gRPC and no
// other agency.
#ifndef PSM_SERVICES_RESIDENTS_RESIDENT_REGISTER_H_
#define PSM_SERVICES_RESIDENTS_RESIDENT_REGISTER_H_

#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/residents.pb.h"
#include "psm/seed/v1/seed.pb.h"
#include "services/residents/life_news.h"

namespace psm {

// Thread-safe. `database` must outlive the register and have Migrations().
class ResidentRegister {
 public:
  using Take = absl::FunctionRef<absl::Status(const seed::v1::Resident&)>;

  static absl::Span<const agency::Migration> Migrations();

  // The register of the municipality that is agency `agency_id`.
  ResidentRegister(agency::Database* database, std::string agency_id)
      : database_(database), agency_id_(std::move(agency_id)) {}

  // Enters the residents that `each` gives to its argument, all or none, unless
  // the register holds anybody already. Who has moved out is history from the
  // start. INVALID_ARGUMENT where a household has two addresses, no head or
  // two, or a resident lacks a required item; ALREADY_EXISTS for a subject that
  // occurs twice; else as Database::Write.
  // Tells `news` whom the register holds, in the same transaction.
  absl::Status ImportOnce(absl::Time now, LifeNews& news,
                          absl::FunctionRef<absl::Status(Take)> each);

  // The household of a resident on a day with every item that the register
  // holds: head first, then by age; `as_of_time` is left to the caller.
  // NOT_FOUND NOT_A_RESIDENT; else as Database::Read.
  absl::StatusOr<residents::v1::GetHouseholdResponse> FindHousehold(
      absl::string_view subject, absl::CivilDay day);

  // All entries that concern a person, oldest first. NOT_FOUND NOT_A_RESIDENT
  // where there is none; else as Database::Read.
  absl::StatusOr<residents::v1::GetResidentHistoryResponse> FindHistory(
      absl::string_view subject);

 private:
  agency::Database* const database_;
  const std::string agency_id_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_RESIDENT_REGISTER_H_
