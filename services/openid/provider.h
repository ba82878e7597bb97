// An OpenID provider: what is behind each of its addresses. Knows no sockets
// and no agency.
#ifndef PSM_SERVICES_OPENID_PROVIDER_H_
#define PSM_SERVICES_OPENID_PROVIDER_H_

#include <memory>
#include <string>
#include <variant>

#include "mesh/agency/database.h"
#include "mesh/base/clock.h"
#include "mesh/crypto/digest.h"
#include "services/openid/client.h"
#include "services/openid/client_authentication.h"
#include "services/openid/grant_store.h"
#include "services/openid/http.h"
#include "services/openid/interactions.h"
#include "services/openid/profile.h"
#include "services/openid/signing_keys.h"
#include "services/openid/subjects.h"

namespace psm::openid {

// OpenID Connect Core and Discovery 1.0, RP-Initiated Logout 1.0; RFC 6749,
// 6750, 7523, 7636, 9207, in the code flow alone.
//
//   /.well-known/openid-configuration, /jwks   what it is, and its public keys
//   /authorize                    a browser arrives: sign-in, then consent
//   /interaction/<id>[/<step>]    the browser's forms
//   /token, /userinfo             the relying party's
//   /logout                       ends what one sign-in allowed
//
// Nobody stays signed in: each request asks the person anew, so there is no
// session to steal. Thread-safe.
class Provider {
 public:
  // What it is given must outlive it. The tables of kGrantTables must be in
  // `database`.
  struct Parts {
    Profile profile;
    agency::Database* database;
    Clients* clients;
    SigningKeys* keys;
    Subjects* subjects;
    SignInMethod* sign_in;
    const Clock* clock;
    Random* random;
  };
  explicit Provider(Parts parts);
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  // Answers any request. May block: the agency and the mesh are asked.
  HttpAnswer Answer(const HttpRequest& request);

  // Who calls with an access token, for an agency's own addresses beside these:
  // the client, and the sign-in that it is of; or what to answer to whoever has
  // none that is good (RFC 6750).
  struct Bearer {
    std::shared_ptr<const Client> client;
    Grant grant;
  };
  std::variant<Bearer, HttpAnswer> BearerOf(const HttpRequest& request);

 private:
  HttpAnswer Route(const HttpRequest& request);
  HttpAnswer Discovery() const;
  HttpAnswer Keys();
  // provider_browser.cc
  HttpAnswer Authorize(const HttpRequest& request);
  HttpAnswer Interact(const HttpRequest& request);
  HttpAnswer ShowAgain(const HttpRequest& request, const std::string& id);
  HttpAnswer SignIn(const HttpRequest& request, const std::string& id,
                    Interaction interaction, const Parameters& form);
  HttpAnswer Consent(const std::string& id, Interaction interaction,
                     const Parameters& form);
  HttpAnswer Logout(const HttpRequest& request);
  // provider_client.cc
  HttpAnswer Token(const HttpRequest& request);
  HttpAnswer Issue(const Client& client, const IssuedTokens& tokens);
  HttpAnswer UserInfo(const HttpRequest& request);

  const Parts parts_;
  GrantStore store_;
  ClientAuthenticator authenticator_;
  Interactions interactions_;
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_PROVIDER_H_
