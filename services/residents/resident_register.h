// A municipality's basic resident register (住民基本台帳), kept in the system's
// own database. Knows no gRPC and no other agency.
#ifndef PSM_SERVICES_RESIDENTS_RESIDENT_REGISTER_H_
#define PSM_SERVICES_RESIDENTS_RESIDENT_REGISTER_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/residents.pb.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm {

// Thread-safe. `database` must outlive the register and have Migrations().
class ResidentRegister {
 public:
  using Take = absl::FunctionRef<absl::Status(const seed::v1::Resident&)>;

  static absl::Span<const agency::Migration> Migrations();

  explicit ResidentRegister(agency::Database* database) : database_(database) {}

  // Enters the residents that `each` gives to its argument, all or none, unless
  // the register holds anybody already. INVALID_ARGUMENT where a household has
  // two addresses, no head or two, or a resident lacks a required item;
  // ALREADY_EXISTS for a subject that occurs twice; else as Database::Write.
  absl::Status ImportOnce(absl::FunctionRef<absl::Status(Take)> each);

  // The household of a resident with every item that the register holds: head
  // first, then by age; `as_of_time` is left to the caller. NOT_FOUND
  // NOT_A_RESIDENT; else as Database::Read.
  absl::StatusOr<residents::v1::GetHouseholdResponse> FindHousehold(
      absl::string_view subject);

 private:
  agency::Database* const database_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_RESIDENT_REGISTER_H_
