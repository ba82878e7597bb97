// What happens in a household that lives here, entered in the register: births,
// deaths, changed names, another address, another head. Knows no gRPC.
#ifndef PSM_SERVICES_RESIDENTS_FAMILY_ENTRIES_H_
#define PSM_SERVICES_RESIDENTS_FAMILY_ENTRIES_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/agency/database.h"
#include "psm/residents/v1/notices.pb.h"
#include "services/residents/life_news.h"
#include "services/residents/register_book.h"

namespace psm {

// Each method is one of NoticesService, whose proto says what it refuses and
// why; errors also as Database::Once. Thread-safe. `database` and
// `news` must outlive it.
class FamilyEntries {
 public:
  // For the municipality that is agency `agency_id`.
  FamilyEntries(agency::Database* database, std::string agency_id,
                LifeNews* news)
      : database_(*database), agency_id_(std::move(agency_id)), news_(*news) {}

  // What can be refused before the child has a name in the mesh, so that nobody
  // is enrolled for a notice that is wrong. Whether this exchange was entered
  // before; errors as RegisterBirth.
  absl::StatusOr<bool> CheckBirth(
      const Notice& notice, const residents::v1::RegisterBirthRequest& request);
  // `child` is what the mesh calls the child here; not looked at where the
  // exchange was entered before.
  absl::StatusOr<residents::v1::RegisterBirthResponse> Birth(
      const Notice& notice, const residents::v1::RegisterBirthRequest& request,
      const std::string& child);

  absl::StatusOr<residents::v1::RegisterDeathResponse> Death(
      const Notice& notice, const residents::v1::RegisterDeathRequest& request);
  absl::StatusOr<residents::v1::RegisterNameChangeResponse> NameChange(
      const Notice& notice,
      const residents::v1::RegisterNameChangeRequest& request);
  absl::StatusOr<residents::v1::RegisterAddressChangeResponse> AddressChange(
      const Notice& notice,
      const residents::v1::RegisterAddressChangeRequest& request);
  absl::StatusOr<residents::v1::ChangeHeadResponse> ChangeHead(
      const Notice& notice, const residents::v1::ChangeHeadRequest& request);

 private:
  agency::Database& database_;
  const std::string agency_id_;
  LifeNews& news_;
};

}  // namespace psm

#endif  // PSM_SERVICES_RESIDENTS_FAMILY_ENTRIES_H_
