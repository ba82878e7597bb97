// A transaction that finds a code or token misused must commit: it has marked
// what was presented, or revoked a grant. So a body returns OK then, too, and
// hands its verdict out beside.
#include "services/openid/grant_store.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mesh/base/secret.h"
#include "mesh/base/status_macros.h"
#include "services/openid/jws.h"
#include "soci/soci.h"

namespace psm::openid {

// `use_time` and `revoke_time` are 0 until then. Times are seconds since 1970.
const char kGrantTables[] = R"(
CREATE TABLE openid_grants (
  grant_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  sub TEXT NOT NULL,
  scopes TEXT NOT NULL,
  acr TEXT NOT NULL,
  auth_time BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  revoke_time BIGINT NOT NULL);
CREATE INDEX openid_grants_by_end ON openid_grants (expire_time);
CREATE TABLE openid_codes (
  code_hash TEXT PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES openid_grants (grant_id) ON DELETE CASCADE,
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT NOT NULL,
  nonce TEXT NOT NULL,
  expire_time BIGINT NOT NULL,
  use_time BIGINT NOT NULL);
CREATE INDEX openid_codes_by_grant ON openid_codes (grant_id);
CREATE TABLE openid_tokens (
  token_hash TEXT PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES openid_grants (grant_id) ON DELETE CASCADE,
  refreshes BIGINT NOT NULL,
  expire_time BIGINT NOT NULL,
  use_time BIGINT NOT NULL);
CREATE INDEX openid_tokens_by_grant ON openid_tokens (grant_id);
CREATE TABLE openid_assertions (
  assertion_hash TEXT PRIMARY KEY,
  expire_time BIGINT NOT NULL);
CREATE INDEX openid_assertions_by_end ON openid_assertions (expire_time);
)";

namespace {

constexpr std::size_t kTokenBytes = 32;

std::string HashOf(absl::string_view token) {
  return absl::BytesToHexString(Sha256(token));
}

absl::Status Denied(const char* why) {
  return absl::PermissionDeniedError(why);
}

struct Row {
  Grant grant;
  long long expire = 0;
  long long revoke = 0;
};

// The grant of that id, which is there: rows that name it are its own.
Row ReadGrant(soci::session& sql, const std::string& id) {
  Row row;
  row.grant.id = id;
  std::string scopes;
  long long auth = 0;
  sql << "SELECT client_id, subject, sub, scopes, acr, auth_time, expire_time, "
         "revoke_time FROM openid_grants WHERE grant_id = :id",
      soci::into(row.grant.client_id), soci::into(row.grant.subject),
      soci::into(row.grant.sub), soci::into(scopes), soci::into(row.grant.acr),
      soci::into(auth), soci::into(row.expire), soci::into(row.revoke),
      soci::use(id);
  row.grant.scopes = absl::StrSplit(scopes, ' ', absl::SkipEmpty());
  row.grant.auth_time = absl::FromUnixSeconds(auth);
  return row;
}

void RevokeGrant(soci::session& sql, const std::string& id, long long now) {
  sql << "UPDATE openid_grants SET revoke_time = :now WHERE grant_id = :id AND "
         "revoke_time = 0",
      soci::use(now), soci::use(id);
}

void InsertToken(soci::session& sql, absl::string_view token,
                 const std::string& grant_id, bool refreshes,
                 long long expire) {
  const std::string hash = HashOf(token);
  const long long kind = refreshes ? 1 : 0;
  sql << "INSERT INTO openid_tokens (token_hash, grant_id, refreshes, "
         "expire_time, use_time) VALUES (:hash, :grant_id, :kind, :expire, 0)",
      soci::use(hash), soci::use(grant_id), soci::use(kind), soci::use(expire);
}

// RFC 7636, 4.6.
bool Meets(absl::string_view verifier, absl::string_view challenge) {
  return verifier.size() >= 43 && verifier.size() <= 128 &&
         EqualInConstantTime(Base64Url(Sha256(verifier)), challenge);
}

}  // namespace

std::string GrantStore::NewToken() const {
  return Base64Url(random_->Bytes(kTokenBytes));
}

absl::StatusOr<std::string> GrantStore::IssueCode(const Grant& grant,
                                                  const CodeTerms& terms) {
  const std::string code = NewToken();
  const std::string hash = HashOf(code);
  const std::string scopes = absl::StrJoin(grant.scopes, " ");
  const long long now = absl::ToUnixSeconds(clock_->Now());
  const long long auth = absl::ToUnixSeconds(grant.auth_time);
  const long long expire = now + absl::ToInt64Seconds(profile_->refresh_life);
  const long long code_expire = now + absl::ToInt64Seconds(profile_->code_life);
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    // What is over goes when something new comes; codes and tokens with it.
    sql << "DELETE FROM openid_grants WHERE expire_time <= :now",
        soci::use(now);
    sql << "INSERT INTO openid_grants (grant_id, client_id, subject, sub, "
           "scopes, acr, auth_time, expire_time, revoke_time) VALUES (:id, "
           ":client, :subject, :sub, :scopes, :acr, :auth, :expire, 0)",
        soci::use(grant.id), soci::use(grant.client_id),
        soci::use(grant.subject), soci::use(grant.sub), soci::use(scopes),
        soci::use(grant.acr), soci::use(auth), soci::use(expire);
    sql << "INSERT INTO openid_codes (code_hash, grant_id, redirect_uri, "
           "code_challenge, nonce, expire_time, use_time) VALUES (:hash, "
           ":grant_id, :uri, :challenge, :nonce, :expire, 0)",
        soci::use(hash), soci::use(grant.id), soci::use(terms.redirect_uri),
        soci::use(terms.code_challenge), soci::use(terms.nonce),
        soci::use(code_expire);
    return absl::OkStatus();
  }));
  return code;
}

absl::StatusOr<IssuedTokens> GrantStore::RedeemCode(
    absl::string_view code, const Client& client,
    absl::string_view redirect_uri, absl::string_view verifier) {
  const std::string hash = HashOf(code);
  const long long now = absl::ToUnixSeconds(clock_->Now());
  IssuedTokens issued;
  issued.access_token = NewToken();
  if (client.refreshes) issued.refresh_token = NewToken();
  absl::Status verdict;
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    CodeTerms terms;
    std::string grant_id;
    long long expire = 0, used = 0;
    sql << "SELECT grant_id, redirect_uri, code_challenge, nonce, expire_time, "
           "use_time FROM openid_codes WHERE code_hash = :hash",
        soci::into(grant_id), soci::into(terms.redirect_uri),
        soci::into(terms.code_challenge), soci::into(terms.nonce),
        soci::into(expire), soci::into(used), soci::use(hash);
    if (!sql.got_data()) {
      verdict = Denied("the code is unknown");
      return absl::OkStatus();
    }
    if (used != 0) {
      RevokeGrant(sql, grant_id, now);
      verdict = Denied("the code was used before");
      return absl::OkStatus();
    }
    sql << "UPDATE openid_codes SET use_time = :now WHERE code_hash = :hash",
        soci::use(now), soci::use(hash);
    const Row row = ReadGrant(sql, grant_id);
    if (row.grant.client_id != client.id) {
      verdict = Denied("the code is another client's");
    } else if (now >= expire || row.revoke != 0) {
      verdict = Denied("the code has expired");
    } else if (redirect_uri != terms.redirect_uri) {
      verdict = Denied("the code was issued for another redirect_uri");
    } else if (terms.code_challenge.empty() && !verifier.empty()) {
      // Somebody took the challenge out of the request (RFC 9700, 2.1.1).
      verdict = Denied("code_verifier came, and no code_challenge before");
    } else if (!terms.code_challenge.empty() &&
               !Meets(verifier, terms.code_challenge)) {
      verdict = Denied("code_verifier does not fit");
    }
    if (!verdict.ok()) return absl::OkStatus();
    InsertToken(sql, issued.access_token, grant_id, /*refreshes=*/false,
                now + absl::ToInt64Seconds(profile_->token_life));
    if (client.refreshes)
      InsertToken(sql, issued.refresh_token, grant_id, /*refreshes=*/true,
                  row.expire);
    issued.grant = row.grant;
    issued.nonce = terms.nonce;
    return absl::OkStatus();
  }));
  PSM_RETURN_IF_ERROR(verdict);
  return issued;
}

absl::StatusOr<IssuedTokens> GrantStore::Refresh(
    absl::string_view refresh_token, const Client& client) {
  const std::string hash = HashOf(refresh_token);
  const long long now = absl::ToUnixSeconds(clock_->Now());
  IssuedTokens issued;
  issued.access_token = NewToken();
  issued.refresh_token = NewToken();
  absl::Status verdict;
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    std::string grant_id;
    long long expire = 0, used = 0;
    sql << "SELECT grant_id, expire_time, use_time FROM openid_tokens WHERE "
           "token_hash = :hash AND refreshes = 1",
        soci::into(grant_id), soci::into(expire), soci::into(used),
        soci::use(hash);
    if (!sql.got_data()) {
      verdict = Denied("the refresh token is unknown");
      return absl::OkStatus();
    }
    const Row row = ReadGrant(sql, grant_id);
    if (used != 0 || row.grant.client_id != client.id) {
      RevokeGrant(sql, grant_id, now);
      verdict = Denied(used != 0 ? "the refresh token was used before"
                                 : "the refresh token is another client's");
      return absl::OkStatus();
    }
    if (now >= expire || row.revoke != 0) {
      verdict = Denied("the refresh token has expired or was revoked");
      return absl::OkStatus();
    }
    sql << "UPDATE openid_tokens SET use_time = :now WHERE token_hash = :hash",
        soci::use(now), soci::use(hash);
    InsertToken(sql, issued.access_token, grant_id, /*refreshes=*/false,
                now + absl::ToInt64Seconds(profile_->token_life));
    InsertToken(sql, issued.refresh_token, grant_id, /*refreshes=*/true,
                expire);
    issued.grant = row.grant;
    return absl::OkStatus();
  }));
  PSM_RETURN_IF_ERROR(verdict);
  return issued;
}

absl::StatusOr<Grant> GrantStore::FindAccess(absl::string_view access_token) {
  const std::string hash = HashOf(access_token);
  const long long now = absl::ToUnixSeconds(clock_->Now());
  Row row;
  PSM_RETURN_IF_ERROR(database_->Read([&](soci::session& sql) -> absl::Status {
    std::string grant_id;
    long long expire = 0;
    sql << "SELECT grant_id, expire_time FROM openid_tokens WHERE token_hash = "
           ":hash AND refreshes = 0",
        soci::into(grant_id), soci::into(expire), soci::use(hash);
    if (!sql.got_data() || now >= expire)
      return Denied("the access token is unknown or has expired");
    row = ReadGrant(sql, grant_id);
    if (row.revoke != 0) return Denied("the access token was revoked");
    return absl::OkStatus();
  }));
  return row.grant;
}

absl::Status GrantStore::Revoke(absl::string_view grant_id,
                                absl::string_view client_id) {
  const std::string id(grant_id);
  const std::string client(client_id);
  const long long now = absl::ToUnixSeconds(clock_->Now());
  return database_->Write([&](soci::session& sql) -> absl::Status {
    sql << "UPDATE openid_grants SET revoke_time = :now WHERE grant_id = :id "
           "AND client_id = :client AND revoke_time = 0",
        soci::use(now), soci::use(id), soci::use(client);
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> GrantStore::UseAssertion(absl::string_view client_id,
                                              absl::string_view jti,
                                              absl::Time expire) {
  // Names are a client's own: the length keeps two from meeting.
  const std::string hash =
      HashOf(absl::StrJoin({std::to_string(client_id.size()),
                            std::string(client_id), std::string(jti)},
                           "\n"));
  const long long now = absl::ToUnixSeconds(clock_->Now());
  const long long end = absl::ToUnixSeconds(expire) + 1;
  bool fresh = false;
  PSM_RETURN_IF_ERROR(database_->Write([&](soci::session& sql) -> absl::Status {
    sql << "DELETE FROM openid_assertions WHERE expire_time < :now",
        soci::use(now);
    std::string found;
    sql << "SELECT assertion_hash FROM openid_assertions WHERE assertion_hash "
           "= :hash",
        soci::into(found), soci::use(hash);
    fresh = !sql.got_data();
    if (fresh) {
      sql << "INSERT INTO openid_assertions (assertion_hash, expire_time) "
             "VALUES (:hash, :expire)",
          soci::use(hash), soci::use(end);
    }
    return absl::OkStatus();
  }));
  return fresh;
}

void RevokeGrantsOf(soci::session& sql, const std::string& subject,
                    absl::Time now) {
  const long long time = absl::ToUnixSeconds(now);
  sql << "UPDATE openid_grants SET revoke_time = :now WHERE subject = :subject "
         "AND revoke_time = 0",
      soci::use(time), soci::use(subject);
}

}  // namespace psm::openid
