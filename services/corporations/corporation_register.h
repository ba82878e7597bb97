// The registry's corporations and their history. Knows no gRPC.
#ifndef PSM_SERVICES_CORPORATIONS_CORPORATION_REGISTER_H_
#define PSM_SERVICES_CORPORATIONS_CORPORATION_REGISTER_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "psm/corporations/v1/corporations.pb.h"
#include "psm/seed/v1/seed.pb.h"

namespace psm::corporations {

// Reads, and the first filling; what changes later is Registration's.
// Thread-safe. `database` must outlive the register and have
// CorporationMigrations().
class CorporationRegister {
 public:
  using Take = absl::FunctionRef<absl::Status(const seed::v1::Corporation&)>;

  explicit CorporationRegister(agency::Database* database)
      : database_(*database) {}

  // Enters the corporations that `each` gives to its argument, all or none,
  // unless the register holds one already; each is a change NEW of its day of
  // establishment, registered `now`. INVALID_ARGUMENT SEED_INVALID for a wrong
  // check digit, a name, kana or day that RegisterChange would refuse, or ids
  // of another length; ALREADY_EXISTS for a number twice; else as
  // Database::Write.
  absl::Status ImportOnce(absl::Time now,
                          absl::FunctionRef<absl::Status(Take)> each);

  // A corporation with every item. INVALID_ARGUMENT CORPORATE_NUMBER_MALFORMED;
  // NOT_FOUND CORPORATION_UNKNOWN; else as Database::Read.
  absl::StatusOr<v1::GetCorporationResponse> Find(absl::string_view number);

  // All its changes with every item, oldest first. Errors as Find.
  absl::StatusOr<v1::GetHistoryResponse> History(absl::string_view number);

 private:
  agency::Database& database_;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_CORPORATION_REGISTER_H_
