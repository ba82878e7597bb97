// For tests of providers: a small one in memory, with two clients, and a
// browser that calls it without sockets.
#ifndef PSM_SERVICES_OPENID_TEST_WORLD_H_
#define PSM_SERVICES_OPENID_TEST_WORLD_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/temp_folder.h"
#include "mesh/crypto/digest.h"
#include "services/openid/provider.h"

namespace psm::openid {

inline constexpr char kCallback[] = "https://bank.example/callback";
inline constexpr char kVerifier[] =
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636, appendix B
inline constexpr char kChallenge[] =
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

// Persons sign in by saying who they are, and may fail once.
class NamedSignIn : public SignInMethod {
 public:
  SignInForm Begin(Language language) override { return Form(language, ""); }
  absl::StatusOr<std::variant<SignedIn, SignInForm>> Continue(
      const std::string&, const Parameters& filled_in,
      Language language) override {
    const std::string who = filled_in.Get("who");
    if (who == "down") return absl::UnavailableError("down");
    if (!absl::StartsWith(who, "person-")) return Form(language, who);
    return SignedIn{who, "aal3"};
  }
  SignInForm Again(const std::string&, Language language) override {
    return Form(language, "");
  }
  int look_again_seconds = 0;

 private:
  SignInForm Form(Language language, const std::string& wrong) const {
    SignInForm form;
    form.look_again_seconds = look_again_seconds;
    form.fields.Raw("<label>").Say(language, "名前", "Name");
    form.fields.Raw("<input name=\"who\" value=\"").Text(wrong).Raw("\">");
    form.fields.Raw("</label>");
    form.state = "state";
    return form;
  }
};

// Another name of each person at each client, and what was disclosed.
class CountingSubjects : public Subjects {
 public:
  absl::StatusOr<std::string> SubFor(const Client& client,
                                     const std::string& subject) override {
    if (!status.ok()) return status;
    disclosed.push_back(client.id + " sub");
    return absl::StrCat("sub-of-", subject, "-at-", client.id);
  }
  absl::StatusOr<nlohmann::json> Claims(
      const Client& client, const std::string&,
      const std::vector<std::string>& scopes) override {
    if (!status.ok()) return status;
    nlohmann::json claims = nlohmann::json::object();
    for (const std::string& scope : scopes) {
      if (scope != "name") continue;
      disclosed.push_back(client.id + " name");
      claims["name"] = "架空　花子";
    }
    return claims;
  }
  absl::Status status;
  std::vector<std::string> disclosed;
};

inline Profile StrictProfile() {
  Profile profile;
  profile.issuer = "https://op.example";
  profile.name = {"試験の提供者", "Test provider"};
  profile.consent_note = {"記録に残ります。", "It is recorded."};
  profile.scopes = {{"openid", {"識別子", "an identifier"}, {}},
                    {"name", {"氏名", "your name"}, {"name"}}};
  profile.acr_values = {"aal3"};
  return profile;
}

inline std::shared_ptr<Client> MakeClient(const std::string& id,
                                          const SigningKey& key) {
  auto client = std::make_shared<Client>();
  client->id = id;
  client->name = {"ほしぞら銀行", "Hoshizora Bank"};
  client->audience = id + "/customers";
  client->affair = "customer-identification";
  client->redirect_uris = {kCallback, "https://bank.example/other?a=b"};
  client->post_logout_redirect_uris = {"https://bank.example/bye"};
  client->keys["k1"] = key.Public();
  client->scopes = {"openid", "name"};
  client->refreshes = true;
  return client;
}

class TestWorld {
 public:
  explicit TestWorld(Profile profile = StrictProfile()) {
    static const agency::Migration kMigrations[] = {{1, kGrantTables}};
    database = *agency::Database::Open(folder.File("db.sqlite"), kMigrations);
    keys = *SigningKeys::Open(folder.File("keys.json"),
                              profile.id_token_algorithm, &clock);
    Start(std::move(profile));
  }

  // As after a restart: the same files, no memory.
  void Start(Profile profile) {
    provider = std::make_unique<Provider>(Provider::Parts{
        std::move(profile), database.get(), &clients, keys.get(), &subjects,
        &sign_in, &clock, &SystemRandom()});
  }

  // A private_key_jwt of a client; `change` is merged over good claims (null
  // removes one).
  std::string Assertion(const std::string& client, const JwsKey& key,
                        const nlohmann::json& change = {}) {
    nlohmann::json claims = {{"iss", client},
                             {"sub", client},
                             {"aud", "https://op.example"},
                             {"jti", absl::StrCat("jti-", ++assertions)},
                             {"exp", absl::ToUnixSeconds(clock.Now()) + 60}};
    if (change.is_object()) claims.merge_patch(change);
    return key.Sign("JWT", claims);
  }

  // A form that a client posts, as itself.
  HttpAnswer Post(const std::string& path, const std::string& body,
                  const std::string& authorization = "") {
    HttpRequest request;
    request.method = "POST";
    request.path = path;
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    if (!authorization.empty())
      request.headers["authorization"] = authorization;
    request.body = body;
    return provider->Answer(request);
  }

  TempFolder folder;
  ManualClock clock{absl::FromUnixSeconds(1760000000)};
  std::shared_ptr<const JwsKey> bank_key =
      *JwsKey::Generate(JwsAlgorithm::kEs256);
  std::shared_ptr<const JwsKey> shop_key =
      *JwsKey::Generate(JwsAlgorithm::kEs256);
  std::shared_ptr<Client> bank = Registered("bank", *bank_key);
  std::shared_ptr<Client> shop = Registered("shop", *shop_key);
  Clients clients{{bank, shop}};
  std::unique_ptr<agency::Database> database;
  std::unique_ptr<SigningKeys> keys;
  CountingSubjects subjects;
  NamedSignIn sign_in;
  std::unique_ptr<Provider> provider;
  int assertions = 0;

 private:
  // Keys are registered under the names that tokens have.
  static std::shared_ptr<Client> Registered(const std::string& id,
                                            const JwsKey& key) {
    auto client = MakeClient(id, **SigningKey::Generate());
    client->keys = {{key.kid(), *Es256KeyOf(key.public_jwk())}};
    return client;
  }
};

// The value of an answer's header; "" where there is none.
inline std::string HeaderOf(const HttpAnswer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "";
}

// A parameter of the address that an answer leads to.
inline std::string RedirectParameter(const HttpAnswer& answer,
                                     const std::string& name) {
  const std::string location = HeaderOf(answer, "Location");
  const auto parameters =
      Parameters::Parse(location.substr(location.find('?') + 1));
  return parameters.has_value() ? parameters->Get(name) : "";
}

// One person's browser: keeps cookies, finds the form's secret and address.
class Browser {
 public:
  explicit Browser(Provider* provider) : provider_(*provider) {}

  HttpAnswer Get(const std::string& path, const std::string& query = "") {
    return Send("GET", path, query, "");
  }
  // Posts the last page's form to its address, or to another one; without
  // `fields`, with the boxes as they are ticked.
  HttpAnswer Submit(const std::string& step, const std::string& fields = "") {
    return Send(
        "POST", action_ + step, "",
        absl::StrCat("form=", form_, "&", fields.empty() ? ticked_ : fields));
  }
  HttpAnswer Send(const std::string& method, const std::string& path,
                  const std::string& query, const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    if (method == "POST")
      request.headers["content-type"] = "application/x-www-form-urlencoded";
    std::string all;
    for (const auto& [name, value] : cookies)
      absl::StrAppend(&all, all.empty() ? "" : "; ", name, "=", value);
    if (!all.empty()) request.headers["cookie"] = all;
    HttpAnswer answer = provider_.Answer(request);
    for (const auto& [name, value] : answer.headers) {
      if (name != "Set-Cookie") continue;
      const std::string pair = value.substr(0, value.find(';'));
      const std::size_t equals = pair.find('=');
      cookies[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    const std::string form =
        Between(answer.body, "name=\"form\" value=\"", "\"");
    if (!form.empty()) {
      form_ = form;
      ticked_.clear();
      constexpr char kTicked[] = "type=\"checkbox\" name=\"";
      for (std::size_t at = answer.body.find(kTicked); at != std::string::npos;
           at = answer.body.find(kTicked, at + 1)) {
        absl::StrAppend(&ticked_,
                        Between(answer.body.substr(at), "name=\"", "\""),
                        "=yes&");
      }
      action_ = absl::StrCat(
          "/interaction/", Between(answer.body, "action=\"/interaction/", "/"));
    }
    return answer;
  }

  static std::string Between(const std::string& text, const std::string& begin,
                             const std::string& end) {
    const std::size_t from = text.find(begin);
    if (from == std::string::npos) return "";
    const std::size_t start = from + begin.size();
    return text.substr(start, text.find(end, start) - start);
  }

  std::map<std::string, std::string> cookies;
  std::string form_;
  std::string action_;
  std::string ticked_;  // of the boxes on the last page

 private:
  Provider& provider_;
};

// The query of a good request; `change` replaces or, where empty, removes.
inline std::string GoodQuery(
    const std::map<std::string, std::string>& change = {}) {
  std::map<std::string, std::string> all = {
      {"response_type", "code"},      {"client_id", "bank"},
      {"redirect_uri", kCallback},    {"scope", "openid name"},
      {"state", "the-state"},         {"nonce", "the-nonce"},
      {"code_challenge", kChallenge}, {"code_challenge_method", "S256"}};
  for (const auto& [name, value] : change) all[name] = value;
  std::string query;
  for (const auto& [name, value] : all) {
    if (!value.empty())
      absl::StrAppend(&query, query.empty() ? "" : "&", name, "=",
                      PercentEncode(value));
  }
  return query;
}

}  // namespace psm::openid

#endif  // PSM_SERVICES_OPENID_TEST_WORLD_H_
