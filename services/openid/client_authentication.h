// Who calls the token endpoint: an assertion signed with the client's key (RFC
// 7523; OpenID Connect Core, 9) or its identifier and secret (RFC 6749, 2.3.1).
#ifndef PSM_SERVICES_OPENID_CLIENT_AUTHENTICATION_H_
#define PSM_SERVICES_OPENID_CLIENT_AUTHENTICATION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "mesh/base/clock.h"
#include "services/openid/client.h"
#include "services/openid/grant_store.h"
#include "services/openid/http.h"
#include "services/openid/parameters.h"
#include "services/openid/profile.h"

namespace psm::openid {

// An assertion may end no later than this from now: the name of each that was
// used is kept until then.
inline constexpr absl::Duration kMaxAssertionLife = absl::Minutes(10);
// By how much a client's clock may be ahead.
inline constexpr absl::Duration kClockSkew = absl::Seconds(30);

// Thread-safe. What it is given must outlive it.
class ClientAuthenticator {
 public:
  ClientAuthenticator(Clients* clients, GrantStore* store, const Clock* clock,
                      const Profile* profile)
      : clients_(clients), store_(store), clock_(clock), profile_(profile) {}

  // The client that proved itself, in the one way in which it is registered.
  // UNAUTHENTICATED, its message for the client, for everybody else; for two
  // ways at once; for an assertion that is not ES256 by a registered key, whose
  // `iss` and `sub` are not the client, whose `aud` is neither the issuer nor
  // the token endpoint, that has expired, lives too long, is not valid yet, or
  // whose `jti` is missing or was used. A wrong secret and an unknown client
  // are the same answer. Other errors are the database's.
  absl::StatusOr<std::shared_ptr<const Client>> Authenticate(
      const HttpRequest& request, const Parameters& form);

 private:
  absl::StatusOr<std::shared_ptr<const Client>> ByAssertion(
      const Parameters& form);
  absl::StatusOr<std::shared_ptr<const Client>> ByBasic(
      const std::string& authorization);

  Clients* const clients_;
  GrantStore* const store_;
  const Clock* const clock_;
  const Profile* const profile_;
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_CLIENT_AUTHENTICATION_H_
