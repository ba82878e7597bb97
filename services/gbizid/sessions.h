// Who is signed in. The database holds when sessions end, not what proves them.
#ifndef PSM_SERVICES_GBIZID_SESSIONS_H_
#define PSM_SERVICES_GBIZID_SESSIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/gbizid/account_store.h"
#include "services/gbizid/token_key.h"
#include "soci/soci.h"

namespace psm::gbizid {

inline constexpr absl::Duration kSessionLifetime = absl::Minutes(30);

// Functions with a session run inside the caller's transaction. Thread-safe.
// `tokens` must outlive it.
class Sessions {
 public:
  explicit Sessions(const TokenKey* tokens) : tokens_(*tokens) {}

  // Begins a session of an account under a new id, and forgets those that have
  // ended.
  static void Begin(soci::session& sql, const std::string& session_id,
                    const std::string& account_id, absl::Time now);

  // What the holder of a session sends.
  std::string TokenOf(const std::string& session_id) const;

  // The account that is signed in. UNAUTHENTICATED SESSION_INVALID where the
  // token is not one of ours, its session has ended, or the account may not be
  // used.
  absl::StatusOr<v1::Account> AccountOf(soci::session& sql,
                                        const std::string& token,
                                        absl::Time now) const;

  // As AccountOf; PERMISSION_DENIED PRIME_REQUIRED where it is no Prime.
  absl::StatusOr<v1::Account> PrimeOf(soci::session& sql,
                                      const std::string& token,
                                      absl::Time now) const;

  // Ends a session; nothing where there is none.
  void End(soci::session& sql, const std::string& token) const;

  // Ends all sessions of an account, and of its Members.
  static void EndAllOf(soci::session& sql, const std::string& account_id);

 private:
  const TokenKey& tokens_;
};

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_SESSIONS_H_
