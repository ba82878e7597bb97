// Recoveries that have begun, by mail address, whether or not an account has
// it. Decides nothing and asks nobody.
#ifndef PSM_SERVICES_GBIZID_RECOVERY_STORE_H_
#define PSM_SERVICES_GBIZID_RECOVERY_STORE_H_

#include <string>

#include "absl/time/time.h"
#include "soci/soci.h"

namespace psm::gbizid {

// Times are microseconds since 1970.
struct Recovery {
  std::string mail;
  std::string code_id;           // names the mailed code; "": none is open
  long long expire_time = 0;     // of the code, exclusive
  long long tries = 0;           // that the code has had
  long long sent = 0;            // codes since first_time
  long long first_time = 0;      // 0: none yet
  long long approved_until = 0;  // by an officer, exclusive; 0: not
};

// All functions run inside the caller's transaction; SOCI's exceptions pass.
class RecoveryStore {
 public:
  // As it stands, with counts from nothing where there is none.
  static Recovery Find(soci::session& sql, const std::string& mail);
  static void Put(soci::session& sql, const Recovery& recovery);
  // Forgets what counts for nothing any more: addresses are anybody's to name.
  static void ForgetOld(soci::session& sql, absl::Time now);
};

// Within which codes to one address are counted.
inline constexpr absl::Duration kRecoveryWindow = absl::Hours(1);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_RECOVERY_STORE_H_
