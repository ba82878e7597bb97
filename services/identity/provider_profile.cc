#include "services/identity/provider_profile.h"

namespace psm::identity {

openid::Profile AuthenticationAppProfile(const std::string& issuer) {
  openid::Profile profile;
  profile.issuer = issuer;
  profile.name = {"本人確認機関(認証アプリ風)",
                  "Identity agency (authentication-app-style)"};
  profile.consent_note = {
      "渡したことは記録に残り、あなたの履歴で確かめられます。",
      "That it did is recorded; your history shows it."};
  profile.id_token_algorithm = openid::JwsAlgorithm::kEs256;
  profile.authentication = openid::ClientAuthentication::kPrivateKeyJwt;
  profile.scopes = {
      {"openid",
       {"このサービスだけで使うあなたの識別子",
        "an identifier of you for this service alone"},
       {}},
      {"name", {"氏名", "your name"}, {"name"}},
      {"address", {"住所", "your address"}, {"address"}},
      {"birthdate", {"生年月日", "your date of birth"}, {"birthdate"}},
      {"gender", {"性別", "your sex"}, {"gender"}},
      {"sign",
       {"電子署名をあなたに依頼すること("
        "署名には氏名・住所・生年月日・性別が付きます)",
        "that it may ask you to sign documents; each signature carries name, "
        "address, date of birth and sex"},
       {}}};
  profile.acr_values = {kAcr};
  return profile;
}

}  // namespace psm::identity
