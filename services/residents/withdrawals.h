// A move that is off: what was entered and announced of it is withdrawn. Knows
// no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_WITHDRAWALS_H_
#define PSM_SERVICES_RESIDENTS_WITHDRAWALS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/life_news.h"
#include "services/residents/protection_store.h"
#include "services/residents/register_book.h"

namespace psm {

// Each method is one of NoticesService, whose proto says what it refuses and
// why; errors also as Database::Once, and as ProtectionStore::Check of all who
// move. What is withdrawn already is answered again, whatever the exchange.
// Thread-safe. What it is given must outlive it.
class Withdrawals {
 public:
  Withdrawals(agency::Database* database, ProtectionStore* decisions,
              LifeNews* news)
      : database_(*database), decisions_(*decisions), news_(*news) {}

  absl::StatusOr<residents::v1::WithdrawAnnouncementResponse> Announcement(
      const Notice& notice,
      const residents::v1::WithdrawAnnouncementRequest& request);
  absl::StatusOr<residents::v1::WithdrawMoveOutResponse> MoveOut(
      const Notice& notice,
      const residents::v1::WithdrawMoveOutRequest& request);

 private:
  // Whom a notice of moving out named, and the household they were to leave.
  struct Leavers {
    std::vector<std::string> subjects;
    std::string household;
  };
  static Leavers LeaversBy(RegisterFacts& facts, long long entry);
  // Undoes the entry `moved` and tells the news.
  absl::Status Undo(RegisterFacts& facts, const Notice& notice, long long moved,
                    const Leavers& leavers, absl::CivilDay day);

  agency::Database& database_;
  ProtectionStore& decisions_;
  LifeNews& news_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_WITHDRAWALS_H_
