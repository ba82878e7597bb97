#include "services/gbizid/provider_profile.h"

namespace psm::gbizid {

openid::Profile BusinessIdProfile(const std::string& issuer) {
  openid::Profile profile;
  profile.issuer = issuer;
  profile.name = {"事業者共通認証機関(gBizID 風)",
                  "Business Identity Office (gBizID-style)"};
  profile.consent_note = {
      "個人事業主については、渡したことが記録に残ります。",
      "Of a sole proprietor, who is a person, that it did is recorded."};
  profile.id_token_algorithm = openid::JwsAlgorithm::kRs256;
  profile.authentication = openid::ClientAuthentication::kBasic;
  profile.requires_pkce = false;
  profile.scopes = {{"openid",
                     {"このサービスだけで使うアカウントの識別子",
                      "an identifier of the account for this service alone"},
                     {}},
                    {kIdaScope,
                     {"事業者、アカウント種別、役割、委任の内容",
                      "your business, kind of account, role and delegation"},
                     {"verified_claims", "role", "delegation_info"}}};
  profile.acr_values = {kAcr};
  profile.code_life = absl::Minutes(5);
  profile.token_life = absl::Hours(1);
  return profile;
}

}  // namespace psm::gbizid
