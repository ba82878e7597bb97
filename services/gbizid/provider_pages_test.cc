// What persons see on the pages, and what guesses come to there.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/gbizid/test_provider.h"

namespace psm::gbizid {
namespace {

using openid::Browser;
using openid::HttpAnswer;
using openid::PercentEncode;
using openid::RedirectParameter;

TEST_F(BusinessIdTest, AForgottenPasswordIsRecoveredOnThePages) {
  Join(alpha_, "m@alpha", v1::RoleGrant::VIEWER);
  const auto forget = [&](Browser& browser, const std::string& mail) {
    browser.Get("/authorize", openid::GoodQuery({{"client_id", "jgrants"},
                                                 {"scope", "openid"}}));
    browser.Submit("/sign-in", "way=forgot");
    return browser.Submit("/sign-in", "mail=" + PercentEncode(mail));
  };
  const auto body = [](const HttpAnswer& page) {
    return Browser::Between(page.body, "<h1>", "<form");
  };
  Browser stranger(provider_.get());
  Browser browser(provider_.get());
  const HttpAnswer asked = forget(browser, "m@alpha");
  EXPECT_EQ(body(forget(stranger, "nobody@b")), body(asked));
  EXPECT_TRUE(absl::StrContains(stranger
                                    .Submit("/sign-in",
                                            "mailed=AAAAAAAAAA&code=123456&"
                                            "password=another+long+password")
                                    .body,
                                "role=\"alert\""));
  std::string code;
  for (const Mail& mail : mailer_.mails) {
    if (mail.to == "m@alpha")
      code = Browser::Between(mail.text, "code: ", "\n");
  }
  clock_.Advance(kOneTimeStep);
  const HttpAnswer changed = browser.Submit(
      "/sign-in",
      absl::StrCat("mailed=", code, "&code=", Code(secrets_["m@alpha"]),
                   "&password=another+long+password"));
  EXPECT_TRUE(absl::StrContains(changed.body, "role=\"status\""))
      << changed.body;
  clock_.Advance(kOneTimeStep);
  EXPECT_TRUE(absl::StrContains(
      browser
          .Submit("/sign-in",
                  absl::StrCat("mail=m%40alpha&password=another+long+password"
                               "&code=",
                               Code(secrets_["m@alpha"])))
          .body,
      "action=\"/interaction/"));
  EXPECT_NE(RedirectParameter(browser.Submit("/consent", "x=y"), "code"), "");
}

TEST_F(BusinessIdTest, AfterThreeWrongNumbersThePageStillTakesTheRightOne) {
  Browser browser(provider_.get());
  browser.Get("/authorize", openid::GoodQuery({{"client_id", "jgrants"},
                                               {"scope", "openid"},
                                               {"ui_locales", "en"}}));
  const auto enter = [&](const std::string& code) {
    return browser.Submit(
        "/sign-in", absl::StrCat("mail=a%40b&password=",
                                 PercentEncode(kPassword), "&code=", code));
  };
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(kOneTimeStep);
    std::string code = Code(secrets_["a@b"]);
    code[0] = code[0] == '9' ? '0' : '9';
    const HttpAnswer page = enter(code);
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(absl::StrContains(page.body, "<title>Error: ")) << page.body;
    EXPECT_TRUE(absl::StrContains(page.body, "one-time password is wrong"));
    // Which of the three it was is not said, nor shown what was typed.
    for (const char* field :
         {"id=\"mail\"", "id=\"password\"", "id=\"code\""}) {
      const std::string tag = Browser::Between(page.body, field, ">");
      EXPECT_TRUE(absl::StrContains(tag, "aria-invalid=\"true\"")) << field;
      EXPECT_TRUE(absl::StrContains(tag, "wrong\"")) << field;
      EXPECT_FALSE(absl::StrContains(tag, "value=")) << field;
    }
    EXPECT_FALSE(absl::StrContains(page.body, code));
  }
  clock_.Advance(kOneTimeStep);
  EXPECT_FALSE(
      absl::StrContains(enter(Code(secrets_["a@b"])).body, "role=\"alert\""));
  EXPECT_NE(RedirectParameter(browser.Submit("/consent"), "code"), "");
}

TEST_F(BusinessIdTest, ASuspendedAccountHearsItAndWhoGuessesDoesNot) {
  const v1::Account prime = *AccountIn(alpha_);
  v1::SetSuspendedRequest request;
  request.set_corporate_number(prime.corporate_number());
  request.set_account_id(prime.account_id());
  request.set_etag(prime.etag());
  request.set_suspended(true);
  ASSERT_TRUE(primes_.SetSuspended(Call("gbizid/desk"), request).ok());
  const auto told = [](const HttpAnswer& page) {
    return Browser::Between(page.body, "id=\"wrong\"", "</div>");
  };
  Browser browser(provider_.get());
  const HttpAnswer page = EnterPage(browser, "a@b");
  EXPECT_TRUE(absl::StrContains(told(page), "停止中")) << page.body;
  EXPECT_EQ(RedirectParameter(browser.Submit("/consent"), "code"), "");
  // Who does not know the password does not learn that it is suspended.
  Browser stranger(provider_.get());
  const std::string guess = told(EnterPage(stranger, "a@b", "wrong password!"));
  EXPECT_FALSE(guess.empty());
  EXPECT_FALSE(absl::StrContains(guess, "停止中"));
}

TEST_F(BusinessIdTest, FiveWrongTriesAtThePageLockEverywhere) {
  for (int i = 0; i < kMaxTries; ++i) {
    Browser browser(provider_.get());
    EnterPage(browser, "a@b", "wrong password!");
  }
  Browser browser(provider_.get());
  EXPECT_TRUE(
      absl::StrContains(EnterPage(browser, "a@b").body, "role=\"alert\""));
  EXPECT_FALSE(Enter("a@b").ok());
}

}  // namespace
}  // namespace psm::gbizid
