// Moves between municipalities, entered in the register: moving out, the
// announcement, moving in. Knows no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_MOVE_ENTRIES_H_
#define PSM_SERVICES_RESIDENTS_MOVE_ENTRIES_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/register_book.h"

namespace psm {

// Each method is one of NoticesService, whose proto says what it refuses and
// why; errors also as Database::Once. Thread-safe. `database` must outlive it.
class MoveEntries {
 public:
  // For the municipality that is agency `agency_id`.
  MoveEntries(agency::Database* database, std::string agency_id)
      : database_(*database), agency_id_(std::move(agency_id)) {}

  absl::StatusOr<residents::v1::NotifyMoveOutResponse> MoveOut(
      const Notice& notice, const residents::v1::NotifyMoveOutRequest& request);
  absl::StatusOr<residents::v1::AnnounceMoveInResponse> Announce(
      const Notice& notice,
      const residents::v1::AnnounceMoveInRequest& request);
  absl::StatusOr<residents::v1::RegisterMoveInResponse> MoveIn(
      const Notice& notice,
      const residents::v1::RegisterMoveInRequest& request);

 private:
  agency::Database& database_;
  const std::string agency_id_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_MOVE_ENTRIES_H_
