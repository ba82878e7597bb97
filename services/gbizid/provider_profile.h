// What gbizid's OpenID provider demands and how long its tokens live.
#ifndef PSM_SERVICES_GBIZID_PROVIDER_PROFILE_H_
#define PSM_SERVICES_GBIZID_PROVIDER_PROFILE_H_

#include <string>

#include "services/openid/profile.h"

namespace psm::gbizid {

// Password and one-time password.
inline constexpr char kAcr[] = "aal2";
// The scope for `verified_claims`, `role` and `delegation_info`.
inline constexpr char kIdaScope[] = "jp_gbizid_v1_ida";

// RS256, Basic, PKCE S256 where a client sends it, codes of five minutes,
// tokens of an hour, as gBizID has it.
openid::Profile BusinessIdProfile(const std::string& issuer);

}  // namespace psm::gbizid

#endif  // PSM_SERVICES_GBIZID_PROVIDER_PROFILE_H_
