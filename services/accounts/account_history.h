// What was registered before, for the person; and what changed, for who pays.
// Reads the register's tables.
#ifndef PSM_SERVICES_ACCOUNTS_ACCOUNT_HISTORY_H_
#define PSM_SERVICES_ACCOUNTS_ACCOUNT_HISTORY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "mesh/agency/database.h"
#include "psm/accounts/v1/accounts.pb.h"

namespace psm {

// Thread-safe. `database` must outlive it and have AccountRegister's
// migrations. Errors else as Database::Read and Write.
class AccountHistory {
 public:
  explicit AccountHistory(agency::Database* database) : database_(*database) {}

  // The person's registrations, the present one first, then by their end,
  // newest first. INVALID_ARGUMENT PAGE_TOKEN_INVALID.
  absl::StatusOr<accounts::v1::ListRegistrationsResponse> Registrations(
      const accounts::v1::ListRegistrationsRequest& request);

  // Notes, durably and once, that `consumer` (a system id) was given the
  // person's account as of `register_time`, and may therefore hear of later
  // changes: also of one that came between reading the account and this.
  absl::Status NoteGiven(const std::string& consumer,
                         const std::string& subject,
                         const google::protobuf::Timestamp& register_time);

  // Changes after `since_time`, oldest first, of persons whose account
  // `consumer` was given, each after the state that was given first.
  // INVALID_ARGUMENT SINCE_MISSING, PAGE_TOKEN_INVALID.
  absl::StatusOr<accounts::v1::ListChangesResponse> Changes(
      const std::string& consumer,
      const accounts::v1::ListChangesRequest& request);

 private:
  agency::Database& database_;
};

}  // namespace psm

#endif  // PSM_SERVICES_ACCOUNTS_ACCOUNT_HISTORY_H_
