// What identity's OpenID provider is: in the manner of the authentication app
// (デジタル認証アプリ), unofficial.
#ifndef PSM_SERVICES_IDENTITY_PROVIDER_PROFILE_H_
#define PSM_SERVICES_IDENTITY_PROVIDER_PROFILE_H_

#include <string>

#include "services/openid/profile.h"

namespace psm::identity {

// The assurance of a sign-in by card and PIN (NIST SP 800-63B, AAL3), the only
// one there is.
inline constexpr char kAcr[] = "aal3";

// Code flow; state, nonce and PKCE S256 mandatory; private_key_jwt and id
// tokens with ES256; pairwise `sub`; scopes openid name address birthdate
// gender sign.
openid::Profile AuthenticationAppProfile(const std::string& issuer);

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_PROVIDER_PROFILE_H_
