// A move that is off: what was entered and announced of it is withdrawn. Knows
// no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_WITHDRAWALS_H_
#define PSM_SERVICES_RESIDENTS_WITHDRAWALS_H_

#include "absl/status/statusor.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/life_news.h"
#include "services/residents/register_book.h"

namespace psm {

// Each method is one of NoticesService, whose proto says what it refuses and
// why; errors also as Database::Once. What is withdrawn already is answered
// again, whatever the exchange. Thread-safe. `database` and `news` must outlive
// it.
class Withdrawals {
 public:
  Withdrawals(agency::Database* database, LifeNews* news)
      : database_(*database), news_(*news) {}

  absl::StatusOr<residents::v1::WithdrawAnnouncementResponse> Announcement(
      const Notice& notice,
      const residents::v1::WithdrawAnnouncementRequest& request);
  absl::StatusOr<residents::v1::WithdrawMoveOutResponse> MoveOut(
      const Notice& notice,
      const residents::v1::WithdrawMoveOutRequest& request);

 private:
  agency::Database& database_;
  LifeNews& news_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_WITHDRAWALS_H_
