// What the public may look for: corporations by name and place, and what
// changed. Knows no gRPC.
#ifndef PSM_SERVICES_CORPORATIONS_CORPORATION_LIST_H_
#define PSM_SERVICES_CORPORATIONS_CORPORATION_LIST_H_

#include "absl/status/statusor.h"
#include "mesh/agency/database.h"
#include "psm/corporations/v1/corporations.pb.h"

namespace psm::corporations {

// Gives nothing of a representative. Thread-safe. `database` must outlive the
// list and have CorporationMigrations().
class CorporationList {
 public:
  explicit CorporationList(agency::Database* database) : database_(*database) {}

  // One page by number; whoever was registered when the first page was asked
  // and is there at the end is on exactly one page. INVALID_ARGUMENT
  // NAME_MALFORMED, KANA_MALFORMED, AREA_MALFORMED, STATUS_INVALID, or
  // PAGE_INVALID for a size out of range and a token of another search; else as
  // Database::Read.
  absl::StatusOr<v1::SearchCorporationsResponse> Search(
      const v1::SearchCorporationsRequest& request);

  // Public changes by sequence. INVALID_ARGUMENT PAGE_INVALID for a number
  // below 0 or a size out of range; else as Database::Read.
  absl::StatusOr<v1::ListChangesResponse> Changes(
      const v1::ListChangesRequest& request);

 private:
  agency::Database& database_;
};

}  // namespace psm::corporations

#endif  // PSM_SERVICES_CORPORATIONS_CORPORATION_LIST_H_
