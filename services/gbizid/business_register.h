// Businesses with an account, by corporate number. Knows no gRPC.
#ifndef PSM_SERVICES_GBIZID_BUSINESS_REGISTER_H_
#define PSM_SERVICES_GBIZID_BUSINESS_REGISTER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "psm/gbizid/v1/gbizid.pb.h"
#include "psm/seed/v1/seed.pb.h"
#include "soci/soci.h"

namespace psm {

// Thread-safe. `database` must outlive the register and have
// gbizid::Migrations().
class BusinessRegister {
 public:
  using Take = absl::FunctionRef<absl::Status(const seed::v1::Business&)>;

  explicit BusinessRegister(agency::Database* database)
      : database_(*database) {}

  // Enters the businesses that `each` gives to its argument, all or none,
  // unless the register holds one already; their data count as of `now`.
  // INVALID_ARGUMENT SEED_INVALID for a wrong check digit, a missing name, an
  // unknown account type or a negative count; ALREADY_EXISTS for a number
  // twice; else as Database::Write.
  absl::Status ImportOnce(absl::Time now,
                          absl::FunctionRef<absl::Status(Take)> each);

  // A business with every item. INVALID_ARGUMENT CORPORATE_NUMBER_MALFORMED;
  // NOT_FOUND BUSINESS_UNKNOWN; else as Database::Read.
  absl::StatusOr<gbizid::v1::GetBusinessResponse> Find(
      absl::string_view corporate_number);

  // Notes that a business has a Prime account, as of `now`; nothing where it is
  // not in the register. In the caller's transaction.
  static void SetPrime(soci::session& sql, const std::string& corporate_number,
                       absl::Time now);

 private:
  agency::Database& database_;
};

}  // namespace psm

#endif  // PSM_SERVICES_GBIZID_BUSINESS_REGISTER_H_
