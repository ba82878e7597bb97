#include "services/openid/provider.h"

#include "gtest/gtest.h"
#include "services/openid/test_world.h"

namespace psm::openid {
namespace {

using nlohmann::json;

constexpr char kAssertionParameters[] =
    "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type"
    "%3Ajwt-bearer&client_assertion=";

class ProviderTest : public testing::Test {
 protected:
  // Signs in and consents; the code.
  std::string Code(const std::string& who = "person-1") {
    Browser browser(world_.provider.get());
    browser.Get("/authorize", GoodQuery());
    browser.Submit("/sign-in", "who=" + who);
    return RedirectParameter(browser.Submit("/consent"), "code");
  }
  json Tokens(const std::string& code,
              const std::string& verifier = kVerifier) {
    return json::parse(
        world_
            .Post(
                "/token",
                absl::StrCat("grant_type=authorization_code&code=", code,
                             "&redirect_uri=", PercentEncode(kCallback),
                             "&code_verifier=", verifier, kAssertionParameters,
                             world_.Assertion("bank", *world_.bank_key)))
            .body);
  }
  json Refresh(const std::string& token) {
    return json::parse(
        world_
            .Post("/token",
                  absl::StrCat("grant_type=refresh_token&refresh_token=", token,
                               kAssertionParameters,
                               world_.Assertion("bank", *world_.bank_key)))
            .body);
  }
  HttpAnswer UserInfo(const std::string& authorization) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/userinfo";
    request.headers["authorization"] = authorization;
    return world_.provider->Answer(request);
  }

  TestWorld world_;
};

TEST_F(ProviderTest, SignsInDisclosesAndNamesThePersonAsTheClientDoes) {
  Browser browser(world_.provider.get());
  const HttpAnswer sign_in = browser.Get("/authorize", GoodQuery());
  EXPECT_EQ(sign_in.status, 200);
  EXPECT_NE(sign_in.body.find("ほしぞら銀行"), std::string::npos);
  const HttpAnswer consent = browser.Submit("/sign-in", "who=person-1");
  EXPECT_NE(consent.body.find("氏名"), std::string::npos);
  EXPECT_TRUE(world_.subjects.disclosed.empty());
  const HttpAnswer back = browser.Submit("/consent");
  EXPECT_EQ(back.status, 303);
  EXPECT_EQ(RedirectParameter(back, "state"), "the-state");
  EXPECT_EQ(RedirectParameter(back, "iss"), "https://op.example");
  EXPECT_EQ(world_.subjects.disclosed, std::vector<std::string>{"bank sub"});

  const json tokens = Tokens(RedirectParameter(back, "code"));
  EXPECT_EQ(tokens["token_type"], "Bearer");
  EXPECT_EQ(tokens["expires_in"], 3600);
  const auto id_token = SplitJws(tokens["id_token"].get<std::string>(), 8192);
  ASSERT_TRUE(id_token.has_value());
  EXPECT_TRUE(world_.keys->Made(*id_token));
  EXPECT_EQ(id_token->claims["sub"], "sub-of-person-1-at-bank");
  EXPECT_EQ(id_token->claims["aud"], "bank");
  EXPECT_EQ(id_token->claims["nonce"], "the-nonce");
  EXPECT_EQ(id_token->claims["acr"], "aal3");
  EXPECT_FALSE(id_token->claims.contains("name"));

  const HttpAnswer info =
      UserInfo("Bearer " + tokens["access_token"].get<std::string>());
  EXPECT_EQ(json::parse(info.body),
            json({{"sub", "sub-of-person-1-at-bank"}, {"name", "架空　花子"}}));
  EXPECT_EQ(world_.subjects.disclosed,
            (std::vector<std::string>{"bank sub", "bank name"}));
}

TEST_F(ProviderTest, WhatThePersonUnticksIsNeitherGrantedNorTold) {
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  browser.Submit("/sign-in", "who=person-1");
  const json tokens = Tokens(RedirectParameter(
      browser.Submit("/consent", "scope.address=yes"), "code"));
  EXPECT_EQ(tokens["scope"], "openid") << "nor more than was asked for";
  const HttpAnswer info =
      UserInfo("Bearer " + tokens["access_token"].get<std::string>());
  EXPECT_EQ(json::parse(info.body), json({{"sub", "sub-of-person-1-at-bank"}}));
  EXPECT_EQ(world_.subjects.disclosed, std::vector<std::string>{"bank sub"});
}

TEST_F(ProviderTest, ACodeThatIsUsedAgainEndsTheTokens) {
  const std::string code = Code();
  const json tokens = Tokens(code);
  EXPECT_EQ(Tokens(code)["error"], "invalid_grant");
  const HttpAnswer info =
      UserInfo("Bearer " + tokens["access_token"].get<std::string>());
  EXPECT_EQ(info.status, 401);
  EXPECT_NE(HeaderOf(info, "WWW-Authenticate").find("invalid_token"),
            std::string::npos);
  EXPECT_EQ(
      Tokens(Code(), "wrong-verifier-wrong-verifier-wrong-verifier")["error"],
      "invalid_grant");
}

TEST_F(ProviderTest, ARestartLosesNoRefreshToken) {
  const json tokens = Tokens(Code());
  world_.Start(StrictProfile());
  const json again = Refresh(tokens["refresh_token"]);
  ASSERT_TRUE(again.contains("access_token")) << again;
  const auto id_token = SplitJws(again["id_token"].get<std::string>(), 8192);
  EXPECT_EQ(id_token->claims["sub"], "sub-of-person-1-at-bank");
  EXPECT_FALSE(id_token->claims.contains("nonce"));
  EXPECT_EQ(Refresh(tokens["refresh_token"])["error"], "invalid_grant");
  EXPECT_EQ(Refresh(again["refresh_token"])["error"], "invalid_grant");
}

TEST_F(ProviderTest, TheTokenEndpointTakesOneOfEach) {
  const auto error = [&](const std::string& body) {
    return json::parse(
        world_
            .Post("/token",
                  absl::StrCat(body, kAssertionParameters,
                               world_.Assertion("bank", *world_.bank_key)))
            .body)["error"];
  };
  EXPECT_EQ(error("grant_type=password&username=a&password=b"),
            "unsupported_grant_type");
  EXPECT_EQ(error("code=x&redirect_uri=y"), "invalid_request");
  EXPECT_EQ(error("grant_type=authorization_code&code=x"), "invalid_request");
  EXPECT_EQ(error("grant_type=authorization_code&code=x&code=y&redirect_uri=z"),
            "invalid_request");
  EXPECT_EQ(error("grant_type=refresh_token"), "invalid_request");
  EXPECT_EQ(error("grant_type=refresh_token&refresh_token=x&scope=openid"),
            "invalid_scope");
  EXPECT_EQ(error("grant_type=refresh_token&refresh_token=x"), "invalid_grant");
  EXPECT_EQ(error("grant_type=%ff"), "invalid_request");
  EXPECT_EQ(error("grant_type=authorization_code&redirect_uri=y&code="
                  "%27+OR+%271%27%3D%271"),
            "invalid_grant");
  world_.bank->refreshes = false;
  EXPECT_EQ(error("grant_type=refresh_token&refresh_token=x"),
            "unauthorized_client");
  EXPECT_FALSE(Tokens(Code()).contains("refresh_token"));
}

TEST_F(ProviderTest, UserInfoTakesBearerTokensInTheHeaderAlone) {
  const std::string token = Tokens(Code())["access_token"];
  for (const std::string& bad :
       {std::string(), "Basic " + token, std::string("Bearer"),
        std::string("Bearer "), std::string("Bearer x"),
        "Bearer " + token + "x", "Bearer " + token + ", Bearer " + token,
        "Bearer " + std::string(5000, 'a')}) {
    EXPECT_EQ(UserInfo(bad).status, 401) << bad.substr(0, 60);
  }
  HttpRequest in_query;
  in_query.method = "GET";
  in_query.path = "/userinfo";
  in_query.query = "access_token=" + token;
  EXPECT_EQ(world_.provider->Answer(in_query).status, 401);
  EXPECT_EQ(UserInfo("bearer " + token).status, 200);
}

TEST_F(ProviderTest, WhatTheMeshRefusesIsNotTold) {
  const std::string token = Tokens(Code())["access_token"];
  world_.subjects.status = absl::PermissionDeniedError("no");
  EXPECT_EQ(UserInfo("Bearer " + token).status, 403);
  world_.subjects.status = absl::UnavailableError("no");
  EXPECT_EQ(UserInfo("Bearer " + token).status, 503);
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  browser.Submit("/sign-in", "who=person-1");
  const HttpAnswer back = browser.Submit("/consent");
  EXPECT_EQ(RedirectParameter(back, "error"), "temporarily_unavailable");
  EXPECT_EQ(RedirectParameter(back, "code"), "");
}

TEST_F(ProviderTest, LogoutEndsTheTokensAndLeadsToRegisteredAddressesAlone) {
  const json tokens = Tokens(Code());
  const std::string hint = tokens["id_token"];
  const auto logout = [&](const std::string& query) {
    Browser browser(world_.provider.get());
    return browser.Get("/logout", query);
  };
  EXPECT_EQ(logout("").status, 400);
  EXPECT_EQ(logout("id_token_hint=junk").status, 400);
  // One that another key made says nothing.
  const std::string forged =
      world_.bank_key->Sign("JWT", SplitJws(hint, 8192)->claims);
  EXPECT_EQ(logout("id_token_hint=" + forged).status, 400);
  for (const char* evil :
       {"https%3A%2F%2Fevil.example", "https%3A%2F%2Fbank.example%2Fcallback",
        "%2F%2Fevil.example", "javascript%3Aalert(1)"}) {
    const HttpAnswer answer = logout(absl::StrCat(
        "id_token_hint=", hint, "&post_logout_redirect_uri=", evil));
    EXPECT_EQ(answer.status, 400) << evil;
    EXPECT_EQ(HeaderOf(answer, "Location"), "");
  }
  EXPECT_EQ(logout("id_token_hint=" + hint + "&client_id=shop").status, 400);
  const std::string bearer =
      "Bearer " + tokens["access_token"].get<std::string>();
  EXPECT_EQ(UserInfo(bearer).status, 200);

  const HttpAnswer good = logout(
      absl::StrCat("id_token_hint=", hint, "&post_logout_redirect_uri=",
                   PercentEncode("https://bank.example/bye"), "&state=s%26t"));
  EXPECT_EQ(HeaderOf(good, "Location"), "https://bank.example/bye?state=s%26t");
  EXPECT_EQ(UserInfo(bearer).status, 401);
  EXPECT_EQ(Refresh(tokens["refresh_token"])["error"], "invalid_grant");
  EXPECT_EQ(logout("id_token_hint=" + hint).status, 200);
}

TEST_F(ProviderTest, DiscoverySaysWhatIsThere) {
  Browser browser(world_.provider.get());
  const json document =
      json::parse(browser.Get("/.well-known/openid-configuration").body);
  EXPECT_EQ(document["issuer"], "https://op.example");
  EXPECT_EQ(document["subject_types_supported"], json({"pairwise"}));
  EXPECT_EQ(document["scopes_supported"], json({"openid", "name"}));
  EXPECT_EQ(document["code_challenge_methods_supported"], json({"S256"}));
  EXPECT_EQ(json::parse(browser.Get("/jwks").body)["keys"].size(), 1u);
  EXPECT_EQ(browser.Get("/").status, 404);
  EXPECT_EQ(browser.Get("/token").status, 405);
  EXPECT_EQ(HeaderOf(browser.Get("/token"), "Allow"), "POST");
}

// --- browsers ---

TEST_F(ProviderTest, AFormIsAnsweredByItsOwnBrowserAlone) {
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  // Another site makes the browser post, and knows neither secret.
  Browser forger(world_.provider.get());
  forger.action_ = browser.action_;
  forger.form_ = "guess";
  forger.cookies = browser.cookies;
  EXPECT_EQ(forger.Submit("/sign-in", "who=person-2").status, 403);
  // Somebody has the form, and not the cookie.
  forger.form_ = browser.form_;
  forger.cookies.clear();
  EXPECT_EQ(forger.Submit("/sign-in", "who=person-2").status, 403);
  EXPECT_EQ(forger.Get(browser.action_).status, 403);
  EXPECT_EQ(forger.Send("GET", browser.action_ + "/sign-in", "who=person-2", "")
                .status,
            404);
  // The secret in the address instead of the body is none.
  forger.cookies = browser.cookies;
  EXPECT_EQ(forger
                .Send("POST", browser.action_ + "/sign-in",
                      "form=" + browser.form_, "who=person-2")
                .status,
            403);
  // None of it has ended the person's own.
  EXPECT_EQ(browser.Submit("/sign-in", "who=person-1").status, 200);
  EXPECT_EQ(browser.Submit("/consent").status, 303);
}

TEST_F(ProviderTest, ASignInChangesBothSecrets) {
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  Browser planted(world_.provider.get());
  planted.cookies = browser.cookies;
  planted.action_ = browser.action_;
  planted.form_ = browser.form_;
  browser.Submit("/sign-in", "who=person-1");
  EXPECT_NE(browser.cookies, planted.cookies);
  // What was known before the sign-in opens nothing after it.
  EXPECT_EQ(planted.Submit("/consent").status, 403);
  EXPECT_EQ(planted.Get(planted.action_).status, 403);
  planted.form_ = browser.form_;
  EXPECT_EQ(planted.Submit("/consent").status, 403);
  EXPECT_EQ(browser.Submit("/consent").status, 303);
}

TEST_F(ProviderTest, AStepIsTakenOnceAndInItsOrder) {
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  Browser early(world_.provider.get());
  early.Get("/authorize", GoodQuery());
  EXPECT_EQ(early.Submit("/consent").status, 403);
  browser.Submit("/sign-in", "who=person-1");
  Browser again(world_.provider.get());
  again.cookies = browser.cookies;
  again.action_ = browser.action_;
  again.form_ = browser.form_;
  EXPECT_EQ(browser.Submit("/consent").status, 303);
  EXPECT_EQ(again.Submit("/consent").status, 403);
  EXPECT_EQ(world_.subjects.disclosed.size(), 1u);
}

TEST_F(ProviderTest, AnInteractionEndsAfterTenMinutesHoweverItIsUsed) {
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  world_.clock.Advance(absl::Minutes(6));
  EXPECT_EQ(browser.Submit("/sign-in", "who=nobody").status, 200);
  world_.clock.Advance(absl::Minutes(4));
  EXPECT_EQ(browser.Submit("/sign-in", "who=person-1").status, 403);
}

TEST_F(ProviderTest, WhoDeclinesOrCannotSignInIsSentBack) {
  Browser browser(world_.provider.get());
  browser.Get("/authorize", GoodQuery());
  EXPECT_EQ(RedirectParameter(browser.Submit("/cancel"), "error"),
            "access_denied");
  browser.Get("/authorize", GoodQuery());
  EXPECT_EQ(RedirectParameter(browser.Submit("/sign-in", "who=down"), "error"),
            "temporarily_unavailable");
  EXPECT_TRUE(world_.subjects.disclosed.empty());
}

TEST_F(ProviderTest, EveryPageIsFencedAndEveryCookieClosed) {
  Browser browser(world_.provider.get());
  for (const HttpAnswer& page :
       {browser.Get("/authorize", GoodQuery()),
        browser.Submit("/sign-in", "who=person-1"),
        browser.Get("/authorize", "client_id=nobody"),
        browser.Get("/interaction/x"), browser.Get("/logout")}) {
    const std::string policy = HeaderOf(page, "Content-Security-Policy");
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_NE(policy.find("form-action 'self'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(policy.find("script-src"), std::string::npos);
    EXPECT_EQ(HeaderOf(page, "X-Frame-Options"), "DENY");
    EXPECT_EQ(HeaderOf(page, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(HeaderOf(page, "Cache-Control"), "no-store");
    EXPECT_EQ(HeaderOf(page, "Referrer-Policy"), "same-origin");
    EXPECT_EQ(page.body.find("<script"), std::string::npos);
    EXPECT_NE(page.body.find("非公式の試作品"), std::string::npos);
    EXPECT_NE(page.body.find("Unofficial prototype"), std::string::npos);
    for (const auto& [name, value] : page.headers) {
      if (name != "Set-Cookie") continue;
      EXPECT_TRUE(absl::StartsWith(value, "__Host-")) << value;
      EXPECT_NE(value.find("; Path=/; Secure; HttpOnly; SameSite=Strict;"),
                std::string::npos)
          << value;
    }
  }
}

TEST_F(ProviderTest, WhatPeopleAndClientsWriteIsNoMarkup) {
  constexpr char kEvil[] = "\"><script>alert(1)</script>'";
  world_.bank->name = {kEvil, kEvil};
  Browser browser(world_.provider.get());
  const std::string field = std::string("who=") + PercentEncode(kEvil);
  for (const HttpAnswer& page :
       {browser.Get("/authorize", GoodQuery({{"state", kEvil},
                                             {"nonce", kEvil},
                                             {"ui_locales", kEvil}})),
        browser.Submit("/sign-in", field),
        browser.Submit("/sign-in", "who=person-1"),
        browser.Get("/authorize", GoodQuery({{"client_id", kEvil}})),
        browser.Get("/authorize", GoodQuery({{"redirect_uri", kEvil}})),
        browser.Get(std::string("/interaction/") + kEvil, "lang=" + field)}) {
    EXPECT_EQ(page.body.find("<script"), std::string::npos) << page.body;
    EXPECT_EQ(page.body.find("\">'"), std::string::npos);
  }
  // In an address it stays one parameter.
  const HttpAnswer back = browser.Get(
      "/authorize",
      GoodQuery({{"state", "a\r\nSet-Cookie: b=c"}, {"nonce", ""}}));
  EXPECT_EQ(HeaderOf(back, "Location").find('\n'), std::string::npos);
}

TEST_F(ProviderTest, PagesSpeakTheLanguageThatIsAskedFor) {
  Browser browser(world_.provider.get());
  HttpAnswer page = browser.Get("/authorize", GoodQuery());
  EXPECT_NE(page.body.find("<html lang=\"ja\">"), std::string::npos);
  page = browser.Get(browser.action_, "lang=en");
  EXPECT_NE(page.body.find("<html lang=\"en\">"), std::string::npos);
  EXPECT_NE(page.body.find("Hoshizora Bank"), std::string::npos);
  EXPECT_EQ(HeaderOf(page, "Content-Language"), "en");
  page = browser.Submit("/sign-in", "who=person-1");
  EXPECT_NE(page.body.find("your name"), std::string::npos);
  page = browser.Get("/authorize", GoodQuery({{"ui_locales", "en"}}));
  EXPECT_NE(page.body.find("<html lang=\"en\">"), std::string::npos);
}

}  // namespace
}  // namespace psm::openid
