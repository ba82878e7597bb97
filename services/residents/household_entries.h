// Households that become one, or two: what a head agrees to, and the changes
// within a municipality (世帯合併・世帯分離). Knows no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_HOUSEHOLD_ENTRIES_H_
#define PSM_SERVICES_RESIDENTS_HOUSEHOLD_ENTRIES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/life_news.h"
#include "services/residents/register_book.h"

namespace psm {

// Each method but HeadOf is one of NoticesService, whose proto says what it
// refuses and why; errors also as Database::Once. Thread-safe. `database` and
// `news` must outlive it.
class HouseholdEntries {
 public:
  HouseholdEntries(agency::Database* database, LifeNews* news)
      : database_(*database), news_(*news) {}

  absl::StatusOr<residents::v1::AgreeToJoinResponse> Agree(
      const Notice& notice, const residents::v1::AgreeToJoinRequest& request);
  absl::StatusOr<residents::v1::MergeHouseholdsResponse> Merge(
      const Notice& notice,
      const residents::v1::MergeHouseholdsRequest& request);
  absl::StatusOr<residents::v1::SplitHouseholdResponse> Split(
      const Notice& notice,
      const residents::v1::SplitHouseholdRequest& request);

  // Who gave an agreement to join; nullopt where there is none.
  absl::StatusOr<std::optional<std::string>> HeadOf(
      const std::string& join_agreement);

 private:
  agency::Database& database_;
  LifeNews& news_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_HOUSEHOLD_ENTRIES_H_
