// What distinguishes one provider from another: who it is, what it demands,
// how long what it issues lives.
#ifndef PSM_SERVICES_OPENID_PROFILE_H_
#define PSM_SERVICES_OPENID_PROFILE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/openid/client.h"
#include "services/openid/html.h"
#include "services/openid/jws.h"

namespace psm::openid {

struct Scope {
  std::string id;
  BothTexts name;                   // what the person reads that they agree to
  std::vector<std::string> claims;  // that UserInfo gives for it
};

struct Profile {
  std::string issuer;      // "https://localhost:40443", without a final slash
  BothTexts name;          // of the provider, for people
  BothTexts consent_note;  // what the person should know before agreeing
  JwsAlgorithm id_token_algorithm = JwsAlgorithm::kEs256;
  ClientAuthentication authentication = ClientAuthentication::kPrivateKeyJwt;
  // PKCE, where it comes, is S256 and never `plain`, whatever this says.
  bool requires_state = true;
  bool requires_nonce = true;
  bool requires_pkce = true;
  std::vector<Scope> scopes;  // `openid` among them
  std::vector<std::string> acr_values;
  bool pairwise = true;  // whether each relying party has another `sub`
  absl::Duration code_life = absl::Minutes(1);
  absl::Duration token_life = absl::Hours(1);  // of access and id tokens
  // From the sign-in, however often it is rotated.
  absl::Duration refresh_life = absl::Hours(24 * 30);

  const Scope* FindScope(const std::string& id) const {
    for (const Scope& scope : scopes) {
      if (scope.id == id) return &scope;
    }
    return nullptr;
  }
};

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_PROFILE_H_
