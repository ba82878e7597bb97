// What persons granted to relying parties, and what was issued from it: codes,
// access tokens, refresh tokens. Knows no HTTP.
#ifndef PSM_SERVICES_OPENID_GRANT_STORE_H_
#define PSM_SERVICES_OPENID_GRANT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "services/openid/profile.h"
#include "soci/soci.h"

namespace psm::openid {

// The tables, for a migration of the agency's own.
extern const char kGrantTables[];

// One sign-in of one person at one client.
struct Grant {
  std::string id;  // UUID; the `sid` of id tokens
  std::string client_id;
  std::string subject;  // the agency's own name of the person
  std::string sub;      // the client's
  std::vector<std::string> scopes;
  std::string acr;
  absl::Time auth_time;  // whole seconds
};

// What a code is bound to.
struct CodeTerms {
  std::string redirect_uri;
  std::string code_challenge;  // S256; "": none was sent
  std::string nonce;
};

// What leaves by the token endpoint. Texts of 43 characters that mean nothing.
struct IssuedTokens {
  Grant grant;
  std::string nonce;  // of the code; "" where tokens were refreshed
  std::string access_token;
  std::string refresh_token;  // "" where the client gets none
};

// Codes and tokens are kept as SHA-256 alone: whoever reads the database, or a
// backup of it, can use none. Whoever may write it can. A code or refresh token
// is used up durably in the transaction in which tokens are issued from it, so
// that of two who come with it at the same time one is second; and the second
// one's coming revokes the whole grant, as one of the two stole it (RFC 6749,
// 4.1.2 and 10.4; RFC 9700, 4.14.2). Thread-safe. What it is given must outlive
// it.
class GrantStore {
 public:
  GrantStore(agency::Database* database, const Clock* clock, Random* random,
             const Profile* profile)
      : database_(database),
        clock_(clock),
        random_(random),
        profile_(profile) {}

  // Keeps a grant and gives its code. Errors are the database's.
  absl::StatusOr<std::string> IssueCode(const Grant& grant,
                                        const CodeTerms& terms);

  // Tokens for a code that was issued to this client for this redirect URI,
  // whose challenge the verifier meets. The code is used up by the first who
  // comes with it, whatever he lacks. PERMISSION_DENIED, its message for the
  // client, where it is unknown, used, expired, another client's, for another
  // address, or the verifier is wrong, missing or not wanted.
  absl::StatusOr<IssuedTokens> RedeemCode(absl::string_view code,
                                          const Client& client,
                                          absl::string_view redirect_uri,
                                          absl::string_view verifier);

  // New tokens for a refresh token of this client, which then is used up.
  // PERMISSION_DENIED where it is unknown, expired or revoked; where it is used
  // or another client's, and then its grant is revoked.
  absl::StatusOr<IssuedTokens> Refresh(absl::string_view refresh_token,
                                       const Client& client);

  // The grant of an access token. PERMISSION_DENIED where it is unknown,
  // expired or revoked.
  absl::StatusOr<Grant> FindAccess(absl::string_view access_token);

  // Ends everything that was issued from a grant of this client. OK where there
  // is none.
  absl::Status Revoke(absl::string_view grant_id, absl::string_view client_id);

  // Remembers that an assertion of a client was used. False where it was
  // before: until `expire` a name is good for one use.
  absl::StatusOr<bool> UseAssertion(absl::string_view client_id,
                                    absl::string_view jti, absl::Time expire);

 private:
  std::string NewToken() const;

  agency::Database* const database_;
  const Clock* const clock_;
  Random* const random_;
  const Profile* const profile_;
};

// Ends everything that was issued from any grant of a person, within the
// caller's transaction: the person has died, say.
void RevokeGrantsOf(soci::session& sql, const std::string& subject,
                    absl::Time now);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_GRANT_STORE_H_
