#include "services/openid/authorization_request.h"

#include "gtest/gtest.h"
#include "services/openid/test_world.h"

namespace psm::openid {
namespace {

struct BadRequest {
  const char* what;
  std::map<std::string, std::string> change;
  const char* error;
  bool shown = false;     // to the person, and nobody is sent anywhere
  const char* more = "";  // appended to the query
};

const BadRequest kBadRequests[] = {
    {"NoClient", {{"client_id", ""}}, "invalid_request", true},
    {"UnknownClient", {{"client_id", "nobody"}}, "invalid_request", true},
    {"ClientTwice", {}, "invalid_request", true, "&client_id=bank"},
    {"NoRedirect", {{"redirect_uri", ""}}, "invalid_request", true},
    {"ForeignRedirect",
     {{"redirect_uri", "https://evil.example/callback"}},
     "invalid_request",
     true},
    {"RedirectWithMore",
     {{"redirect_uri", "https://bank.example/callback/../x"}},
     "invalid_request",
     true},
    {"RedirectWithQuery",
     {{"redirect_uri", "https://bank.example/callback?a=b"}},
     "invalid_request",
     true},
    {"RedirectInOtherCase",
     {{"redirect_uri", "https://bank.example/Callback"}},
     "invalid_request",
     true},
    {"RedirectTwice",
     {},
     "invalid_request",
     true,
     "&redirect_uri=https%3A%2F%2Fevil.example"},
    {"HugeState", {{"state", std::string(3000, 's')}}, "invalid_request", true},
    {"NoState", {{"state", ""}}, "invalid_request"},
    {"StateTwice", {}, "invalid_request", false, "&state=other"},
    {"NoNonce", {{"nonce", ""}}, "invalid_request"},
    {"HugeNonce", {{"nonce", std::string(600, 'n')}}, "invalid_request"},
    {"NoChallenge", {{"code_challenge", ""}}, "invalid_request"},
    {"NoChallengeAtAll",
     {{"code_challenge", ""}, {"code_challenge_method", ""}},
     "invalid_request"},
    {"PlainChallenge", {{"code_challenge_method", "plain"}}, "invalid_request"},
    {"NoMethodIsPlain", {{"code_challenge_method", ""}}, "invalid_request"},
    {"ShortChallenge", {{"code_challenge", "abc"}}, "invalid_request"},
    {"TokenInTheFragment",
     {{"response_type", "id_token"}},
     "unsupported_response_type"},
    {"NoResponseType", {{"response_type", ""}}, "invalid_request"},
    {"FragmentMode", {{"response_mode", "fragment"}}, "invalid_request"},
    {"NoOpenid", {{"scope", "name"}}, "invalid_scope"},
    {"NoScope", {{"scope", ""}}, "invalid_scope"},
    {"ForeignScope", {{"scope", "openid address"}}, "invalid_scope"},
    {"RequestObject", {{"request", "x"}}, "request_not_supported"},
    {"RequestUri", {{"request_uri", "https://x"}}, "request_uri_not_supported"},
    {"Registration", {{"registration", "{}"}}, "registration_not_supported"},
    {"PromptNone", {{"prompt", "none"}}, "login_required"},
    {"PromptNoneAndLogin", {{"prompt", "none login"}}, "invalid_request"},
    {"UnknownPrompt", {{"prompt", "sing"}}, "invalid_request"},
    {"WeakerSignIn",
     {{"acr_values", "aal1"}},
     "unmet_authentication_requirements"},
    {"NoneOfTheSignIns",
     {{"acr_values", "aal1 AAL3 aal33"}},
     "unmet_authentication_requirements"},
};

class BadAuthorizationRequest : public testing::TestWithParam<BadRequest> {};

TEST_P(BadAuthorizationRequest, IsShownOrToldAndOpensNothing) {
  TestWorld world;
  Browser browser(world.provider.get());
  const BadRequest& bad = GetParam();
  const HttpAnswer answer =
      browser.Get("/authorize", GoodQuery(bad.change) + bad.more);
  EXPECT_TRUE(browser.cookies.empty());
  if (bad.shown) {
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(HeaderOf(answer, "Location"), "");
    EXPECT_NE(answer.body.find(bad.error), std::string::npos);
    return;
  }
  EXPECT_EQ(answer.status, 303);
  EXPECT_TRUE(absl::StartsWith(HeaderOf(answer, "Location"),
                               std::string(kCallback) + "?"));
  EXPECT_EQ(RedirectParameter(answer, "error"), bad.error);
  EXPECT_EQ(RedirectParameter(answer, "iss"), "https://op.example");
  EXPECT_EQ(RedirectParameter(answer, "code"), "");
  const auto state = bad.change.find("state");
  EXPECT_EQ(RedirectParameter(answer, "state"),
            state == bad.change.end() ? "the-state" : state->second);
}

INSTANTIATE_TEST_SUITE_P(All, BadAuthorizationRequest,
                         testing::ValuesIn(kBadRequests),
                         [](const auto& param) {
                           return std::string(param.param.what);
                         });

TEST(AuthorizationRequestTest, PkceIsS256EvenWhereItIsNotDemanded) {
  Profile loose = StrictProfile();
  loose.requires_pkce = loose.requires_nonce = false;
  TestWorld world(loose);
  Browser browser(world.provider.get());
  EXPECT_EQ(browser
                .Get("/authorize", GoodQuery({{"code_challenge", ""},
                                              {"code_challenge_method", ""},
                                              {"nonce", ""}}))
                .status,
            200);
  for (const auto& change :
       {std::map<std::string, std::string>{{"code_challenge_method", "plain"}},
        {{"code_challenge_method", ""}},
        {{"code_challenge", ""}}}) {
    EXPECT_EQ(RedirectParameter(browser.Get("/authorize", GoodQuery(change)),
                                "error"),
              "invalid_request");
  }
}

TEST(AuthorizationRequestTest, OneOfTheWaysToSignInIsEnough) {
  TestWorld world;
  Browser browser(world.provider.get());
  for (const char* wanted : {"aal3", "aal1 aal3", "", " "}) {
    EXPECT_EQ(
        browser.Get("/authorize", GoodQuery({{"acr_values", wanted}})).status,
        200)
        << wanted;
  }
}

TEST(AuthorizationRequestTest, ComesByPostToo) {
  TestWorld world;
  Browser browser(world.provider.get());
  EXPECT_EQ(browser.Send("POST", "/authorize", "", GoodQuery()).status, 200);
  EXPECT_EQ(browser.Send("PUT", "/authorize", "", GoodQuery()).status, 405);
  HttpRequest json;
  json.method = "POST";
  json.path = "/authorize";
  json.headers["content-type"] = "application/json";
  json.body = GoodQuery();
  EXPECT_EQ(world.provider->Answer(json).status, 400);
}

}  // namespace
}  // namespace psm::openid
