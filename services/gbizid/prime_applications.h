// Applications to become a Prime, in the system's own database. Decides
// nothing.
#ifndef PSM_SERVICES_GBIZID_PRIME_APPLICATIONS_H_
#define PSM_SERVICES_GBIZID_PRIME_APPLICATIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "psm/gbizid/v1/account.pb.h"
#include "soci/soci.h"

namespace psm::gbizid {

// All functions run inside the caller's transaction; SOCI's exceptions pass.
class PrimeApplications {
 public:
  // Whether an application of the account waits.
  static bool IsPending(soci::session& sql, const std::string& account_id);

  // Keeps a new application, whose etag it sets.
  static void Insert(soci::session& sql, v1::PrimeApplication& application,
                     absl::Time now);

  static std::optional<v1::PrimeApplication> Find(
      soci::session& sql, const std::string& application_id);

  // Those by documents that wait, oldest first, at most `limit`.
  static std::vector<v1::PrimeApplication> Waiting(soci::session& sql,
                                                   int limit);

  // Keeps state and note as they are in `application`, and gives it a new
  // etag.
  static void Decide(soci::session& sql, v1::PrimeApplication& application,
                     absl::Time now);
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PRIME_APPLICATIONS_H_
