#include "services/gbizid/sessions.h"

#include <optional>
#include <utility>

#include "mesh/agency/call_context.h"
#include "mesh/base/status_macros.h"

namespace psm::gbizid {
namespace {

constexpr char kKind[] = "session";

}  // namespace

void Sessions::Begin(soci::session& sql, const std::string& session_id,
                     const std::string& account_id, absl::Time now) {
  const long long time = absl::ToUnixMicros(now);
  const long long expire = absl::ToUnixMicros(now + kSessionLifetime);
  sql << "DELETE FROM sessions WHERE expire_time <= :now", soci::use(time);
  sql << "INSERT INTO sessions (session_id, account_id, expire_time) VALUES "
         "(:session, :account, :expire)",
      soci::use(session_id), soci::use(account_id), soci::use(expire);
}

std::string Sessions::TokenOf(const std::string& session_id) const {
  return tokens_.Token(kKind, session_id);
}

absl::StatusOr<v1::Account> Sessions::AccountOf(soci::session& sql,
                                                const std::string& token,
                                                absl::Time now) const {
  const absl::Status invalid =
      agency::Refusal(absl::StatusCode::kUnauthenticated, "SESSION_INVALID",
                      "there is no such session: sign in again");
  const std::optional<std::string> id = tokens_.IdIn(kKind, token);
  if (!id) return invalid;
  const long long time = absl::ToUnixMicros(now);
  std::string account_id;
  sql << "SELECT account_id FROM sessions WHERE session_id = :id AND "
         "expire_time > :now",
      soci::into(account_id), soci::use(*id), soci::use(time);
  if (!sql.got_data()) return invalid;
  std::optional<KeptAccount> kept = AccountStore::Find(sql, account_id);
  if (!kept || !AccountStore::IsUsable(sql, kept->account)) return invalid;
  return std::move(kept->account);
}

absl::StatusOr<v1::Account> Sessions::PrimeOf(soci::session& sql,
                                              const std::string& token,
                                              absl::Time now) const {
  PSM_ASSIGN_OR_RETURN(v1::Account account, AccountOf(sql, token, now));
  if (account.type() != v1::Account::PRIME)
    return agency::Refusal(absl::StatusCode::kPermissionDenied,
                           "PRIME_REQUIRED", "only a Prime may do this");
  return account;
}

void Sessions::End(soci::session& sql, const std::string& token) const {
  const std::optional<std::string> id = tokens_.IdIn(kKind, token);
  if (id) sql << "DELETE FROM sessions WHERE session_id = :id", soci::use(*id);
}

void Sessions::EndAllOf(soci::session& sql, const std::string& account_id) {
  sql << "DELETE FROM sessions WHERE account_id = :own OR account_id IN "
         "(SELECT account_id FROM accounts WHERE parent_id = :parent)",
      soci::use(account_id), soci::use(account_id);
}

}  // namespace psm::gbizid
