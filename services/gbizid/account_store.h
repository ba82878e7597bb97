// Accounts in the system's own database. Decides nothing and asks nobody.
#ifndef PSM_SERVICES_GBIZID_ACCOUNT_STORE_H_
#define PSM_SERVICES_GBIZID_ACCOUNT_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "psm/gbizid/v1/account.pb.h"
#include "soci/soci.h"

namespace psm::gbizid {

// An account as it is kept.
struct KeptAccount {
  v1::Account account;
  std::string password;     // password_hasher.h
  long long last_step = 0;  // of the one-time password that was accepted last
  long long tries = 0;      // wrong ones in a row
  long long locked_until = 0;  // microseconds since 1970; 0: never locked
};

// All functions run inside the caller's transaction; SOCI's exceptions pass.
// Thread-safe as sessions are: one thread each.
class AccountStore {
 public:
  static std::optional<KeptAccount> Find(soci::session& sql,
                                         const std::string& account_id);
  // `mail` in lower case.
  static std::optional<KeptAccount> FindByMail(soci::session& sql,
                                               const std::string& mail);
  // The Prime of a corporation.
  static std::optional<KeptAccount> FindPrime(
      soci::session& sql, const std::string& corporate_number);
  // The Prime of a sole proprietor.
  static std::optional<KeptAccount> FindPrimeOf(soci::session& sql,
                                                const std::string& subject);

  // The Members of a Prime, by mail address.
  static std::vector<v1::Account> MembersOf(soci::session& sql,
                                            const std::string& parent_id);

  // Keeps a new account, whose etag it sets. Its id and mail are nobody's.
  static void Insert(soci::session& sql, KeptAccount& kept, absl::Time now);

  // Keeps type, state, subject, name and roles as they are in `account`, and
  // gives it a new etag. `account` was read in the same transaction.
  static void Change(soci::session& sql, v1::Account& account);

  static void SetPassword(soci::session& sql, const std::string& account_id,
                          const std::string& password);
  // How signing in stands; no change of the account that others see.
  static void SetTries(soci::session& sql, const std::string& account_id,
                       long long tries, long long locked_until,
                       long long last_step);

  // Whether it may be used: active, and where it is a Member, so is its Prime.
  static bool IsUsable(soci::session& sql, const v1::Account& account);
};

// ABORTED ETAG_STALE where what was read is not what there is (AIP-154).
absl::Status CheckEtag(absl::string_view given, absl::string_view current);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_ACCOUNT_STORE_H_
