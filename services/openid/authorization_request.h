// What a relying party asks for when it sends a browser here (RFC 6749, 4.1.1;
// OpenID Connect Core, 3.1.2.1; RFC 7636, 4.3), and how it is told no.
#ifndef PSM_SERVICES_OPENID_AUTHORIZATION_REQUEST_H_
#define PSM_SERVICES_OPENID_AUTHORIZATION_REQUEST_H_

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "services/openid/client.h"
#include "services/openid/parameters.h"
#include "services/openid/profile.h"

namespace psm::openid {

// One that was found good.
struct AuthorizationRequest {
  std::shared_ptr<const Client> client;  // never null
  std::string redirect_uri;              // one of the client's
  std::vector<std::string> scopes;       // sorted, each once; the client's
  std::string state;
  std::string nonce;           // "" where none was asked for
  std::string code_challenge;  // S256; "" where none was sent
};

// One that was not. Shown to the person where `redirect_uri` is empty: nobody
// is sent to an address that is not known to be the client's (RFC 6749,
// 4.1.2.1); told to the client through the browser else.
struct AuthorizationError {
  std::string error;        // "invalid_request"; RFC 6749, 4.1.2.1
  std::string description;  // ASCII, holds nothing from the request
  std::string redirect_uri;
  std::string state;
};

// Reads a request. Every parameter that a check would hang on and that came
// twice is an error.
std::variant<AuthorizationRequest, AuthorizationError> ReadAuthorizationRequest(
    const Parameters& parameters, Clients& clients, const Profile& profile);

// Where the browser goes with an error or with a code: the redirect URI with
// `state`, and with `iss`, by which a client that knows several providers
// notices when one answers for another (RFC 9207).
std::string RedirectOf(const AuthorizationError& error, const Profile& profile);
std::string RedirectOf(const AuthorizationRequest& request,
                       const std::string& code, const Profile& profile);

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_AUTHORIZATION_REQUEST_H_
