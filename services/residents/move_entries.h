// Moves between municipalities, entered in the register: moving out, the
// announcement, moving in. Knows no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_MOVE_ENTRIES_H_
#define PSM_SERVICES_RESIDENTS_MOVE_ENTRIES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/life_news.h"
#include "services/residents/register_book.h"

namespace psm {

// Each method is one of NoticesService, whose proto says what it refuses and
// why; errors also as Database::Once. Thread-safe. `database` and
// `news` must outlive it.
class MoveEntries {
 public:
  // For the municipality that is agency `agency_id`.
  MoveEntries(agency::Database* database, std::string agency_id, LifeNews* news)
      : database_(*database), agency_id_(std::move(agency_id)), news_(*news) {}

  absl::StatusOr<residents::v1::NotifyMoveOutResponse> MoveOut(
      const Notice& notice, const residents::v1::NotifyMoveOutRequest& request);
  absl::StatusOr<residents::v1::AnnounceMoveInResponse> Announce(
      const Notice& notice,
      const residents::v1::AnnounceMoveInRequest& request);
  absl::StatusOr<residents::v1::RegisterMoveInResponse> MoveIn(
      const Notice& notice,
      const residents::v1::RegisterMoveInRequest& request);

  // Who was announced, and has not come.
  struct Announced {
    RegisteredMember person;  // as it was announced
    std::string tax_municipality;
  };

  // A register says that a person has come to it. Where he does not live here
  // any more, this one no longer holds him. In the transaction of `sql`, whose
  // exceptions pass.
  absl::Status ArrivedElsewhere(soci::session& sql, const std::string& subject,
                                absl::CivilDay today);

 private:
  // The household of those who come.
  absl::StatusOr<std::string> NewHousehold(
      RegisterFacts& facts, const residents::v1::RegisterMoveInRequest& request,
      std::vector<Announced>& arrivals, const EntryMark& entry);
  absl::StatusOr<std::string> KnownHousehold(
      RegisterFacts& facts, const Notice& notice,
      const residents::v1::RegisterMoveInRequest& request,
      std::vector<Announced>& arrivals, const EntryMark& entry);

  agency::Database& database_;
  const std::string agency_id_;
  LifeNews& news_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_MOVE_ENTRIES_H_
