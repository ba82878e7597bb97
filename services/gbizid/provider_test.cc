#include "services/gbizid/provider.h"

#include "absl/strings/match.h"
#include "services/gbizid/test_provider.h"

namespace psm::gbizid {
namespace {

using nlohmann::json;
using openid::Browser;
using openid::HttpAnswer;
using openid::RedirectParameter;

TEST_F(BusinessIdTest, APrimeSignsInAndUserInfoSaysWhatItIs) {
  Browser browser(provider_.get());
  const HttpAnswer consent = EnterPage(browser, "a@b");
  EXPECT_TRUE(absl::StrContains(consent.body, "委任の内容")) << consent.body;
  const HttpAnswer back = browser.Submit("/consent");
  const json tokens = Tokens(RedirectParameter(back, "code"));
  ASSERT_TRUE(tokens.contains("id_token")) << tokens;
  EXPECT_EQ(tokens["expires_in"], 3600);
  const auto id_token =
      openid::SplitJws(tokens["id_token"].get<std::string>(), 8192);
  ASSERT_TRUE(id_token.has_value());
  EXPECT_TRUE(keys_->Made(*id_token));
  EXPECT_EQ(id_token->alg, "RS256");
  // No personal data, nor the business.
  for (const char* secret :
       {kAlpha, "あさひ", "a@b", "verified_claims", "role", "delegation_info"})
    EXPECT_FALSE(absl::StrContains(id_token->claims.dump(), secret)) << secret;

  const json info = json::parse(UserInfo(tokens).body);
  EXPECT_EQ(info["sub"], id_token->claims["sub"]);
  const json& verified = info["verified_claims"];
  EXPECT_EQ(verified["verification"]["assurance_level"], "ial2");
  EXPECT_EQ(verified["claims"]["account_type"], "2");
  EXPECT_EQ(verified["claims"]["corp_type"], "1");
  EXPECT_EQ(verified["claims"]["corporate_number"], kAlpha);
  EXPECT_EQ(info["role"], "applicant");
  EXPECT_EQ(info["delegation_info"], json::object());
}

TEST_F(BusinessIdTest, EachRelyingPartyKnowsAnotherName) {
  const std::string id = AccountIn(alpha_)->account_id();
  EXPECT_NE(*subjects_.SubFor(*client_, id), *subjects_.SubFor(*other_, id));
  EXPECT_EQ(*subjects_.SubFor(*client_, id), *subjects_.SubFor(*client_, id));
  EXPECT_FALSE(absl::StrContains(*subjects_.SubFor(*client_, id), id));
}

TEST_F(BusinessIdTest, ADelegateChoosesForWhomAndTheEndBindsAtOnce) {
  const v1::Delegation delegation = Delegate();
  Browser browser(provider_.get());
  const HttpAnswer choice = EnterPage(browser, "c@d");
  EXPECT_TRUE(absl::StrContains(choice.body, "株式会社あさひ見本"));
  // One that is nobody's leads back to the choice.
  EXPECT_TRUE(absl::StrContains(browser.Submit("/sign-in", "acting=none").body,
                                "あさひ"));
  browser.Submit("/sign-in", "acting=" + delegation.delegation_id());
  const json tokens =
      Tokens(RedirectParameter(browser.Submit("/consent"), "code"));
  ASSERT_TRUE(tokens.contains("access_token")) << tokens;
  const json info = json::parse(UserInfo(tokens).body);
  EXPECT_EQ(info["verified_claims"]["claims"]["corporate_number"], kBeta);
  EXPECT_EQ(info["delegation_info"]["corporate_number"], kAlpha);
  EXPECT_EQ(info["delegation_info"]["delegation_id"],
            delegation.delegation_id());
  End(delegation);
  EXPECT_EQ(UserInfo(tokens).status, 403);
}

TEST_F(BusinessIdTest, ADelegationIsOfOneServiceAndOfWhoHoldsIt) {
  const v1::Delegation delegation = Delegate();
  const std::string beta = AccountIn(Session("c@d"))->account_id();
  const std::string alpha = AccountIn(Session("a@b"))->account_id();
  const std::string acting = EncodeActing({beta, delegation.delegation_id()});
  EXPECT_TRUE(subjects_.Claims(*client_, acting, {kIdaScope}).ok());
  client_->audience = "akatsuki/benefits";
  EXPECT_EQ(ReasonOf(subjects_.Claims(*client_, acting, {kIdaScope}).status()),
            "DELEGATION_NOT_IN_FORCE");
  client_->audience = kGrants;
  EXPECT_EQ(
      ReasonOf(subjects_
                   .Claims(*client_,
                           EncodeActing({alpha, delegation.delegation_id()}),
                           {kIdaScope})
                   .status()),
      "DELEGATION_NOT_IN_FORCE");
  EXPECT_EQ(*subjects_.Claims(*client_, beta, {"openid"}), json::object());
}

TEST_F(BusinessIdTest, WhatIsNoMoreSignsInNowhereAndNobodyActsForIt) {
  const v1::Delegation delegation = Delegate();
  Browser browser(provider_.get());
  EnterPage(browser, "c@d");
  browser.Submit("/sign-in", "acting=" + delegation.delegation_id());
  const json tokens =
      Tokens(RedirectParameter(browser.Submit("/consent"), "code"));
  ASSERT_EQ(UserInfo(tokens).status, 200);
  for (const char* gone : {kAlpha, kBeta}) {
    corporations_.refusals = {{gone, "CORPORATION_DISSOLVED"}};
    EXPECT_EQ(UserInfo(tokens).status, 403) << gone;
    corporations_.refusals = {{gone, "CORPORATIONS_UNAVAILABLE"}};
    EXPECT_EQ(UserInfo(tokens).status, 503) << gone;
    corporations_.refusals.clear();
    EXPECT_EQ(UserInfo(tokens).status, 200) << gone;
  }
}

TEST_F(BusinessIdTest, WhoeverIsNoMoreIsNamedToNoRelyingParty) {
  for (const auto& [reason, error] :
       {std::pair("CORPORATION_MERGED", "server_error"),
        std::pair("CORPORATIONS_UNAVAILABLE", "temporarily_unavailable")}) {
    corporations_.refusals = {{kAlpha, reason}};
    Browser browser(provider_.get());
    EnterPage(browser, "a@b");
    EXPECT_EQ(RedirectParameter(browser.Submit("/consent"), "error"), error);
  }
}

TEST_F(BusinessIdTest, AnEntryIsTheLowerAssuranceAndNoPersonIsNamed) {
  ASSERT_TRUE(Open(kAlpha, "e@b").ok());
  const std::string entry = AccountIn(Session("e@b"))->account_id();
  const json claims = *subjects_.Claims(*client_, entry, {kIdaScope});
  EXPECT_EQ(claims["verified_claims"]["verification"]["assurance_level"],
            "ial1");
  EXPECT_EQ(claims["verified_claims"]["claims"]["account_type"], "1");
  EXPECT_EQ(claims["role"], "");
  ASSERT_TRUE(Open("", "shop@b").ok());
  const std::string shop = AccountIn(Session("shop@b"))->account_id();
  EXPECT_TRUE(subjects_.SubFor(*client_, shop).ok());
  EXPECT_TRUE(subjects_.SubFor(*client_, entry).ok());
  EXPECT_TRUE(disclosures_.asked.empty()) << "nobody whom the mesh knows";
  EXPECT_EQ(ReasonOf(subjects_.SubFor(*client_, "none").status()),
            "ACCOUNT_NOT_USABLE");
}

TEST_F(BusinessIdTest, WhatIsToldOfASoleProprietorIsDisclosedFirst) {
  ASSERT_TRUE(Open("", "shop@b").ok());
  const std::string before =
      *subjects_.SubFor(*client_, AccountIn(Session("shop@b"))->account_id());
  const std::string session = Session("shop@b");
  const auto applied = Apply(session, "", v1::PrimeApplication::CARD);
  ASSERT_TRUE(applied.ok()) << applied.status();
  ASSERT_TRUE(ShowCard(session, "", applied->application_id(), "saburo").ok());
  const std::string shop = AccountIn(session)->account_id();
  EXPECT_EQ(*subjects_.SubFor(*client_, shop), before)
      << "the relying party knows the account as before";
  const json claims = *subjects_.Claims(*client_, shop, {kIdaScope});
  EXPECT_EQ(claims["verified_claims"]["claims"],
            (json{{"account_type", "2"}, {"corp_type", "2"}}));
  EXPECT_FALSE(absl::StrContains(claims.dump(), "saburo"));
  // A Member of hers is told of under her name.
  const std::string member =
      Join(session, "m@shop", v1::RoleGrant::VIEWER).account_id();
  EXPECT_EQ((*subjects_.Claims(*client_, member, {kIdaScope}))["role"],
            "viewer");
  EXPECT_EQ(disclosures_.asked,
            (std::vector<std::string>{"saburo RedeemTicket ",
                                      "saburo RedeemTicket holder",
                                      "saburo RedeemTicket holder"}));
  // What the mesh refuses is not told.
  disclosures_.status = absl::PermissionDeniedError("no agreement");
  EXPECT_FALSE(subjects_.SubFor(*client_, shop).ok());
  EXPECT_FALSE(subjects_.Claims(*client_, member, {kIdaScope}).ok());
  EXPECT_EQ(*subjects_.Claims(*client_, shop, {"openid"}), json::object());
}

TEST_F(BusinessIdTest, APrincipalWhoIsAPersonIsDisclosedToo) {
  ASSERT_TRUE(Open("", "shop@b").ok());
  const std::string session = Session("shop@b");
  const auto applied = Apply(session, "", v1::PrimeApplication::CARD);
  ASSERT_TRUE(applied.ok()) << applied.status();
  ASSERT_TRUE(ShowCard(session, "", applied->application_id(), "saburo").ok());
  const v1::Delegation delegation = Delegate(session, "");
  const std::string beta = AccountIn(Session("c@d"))->account_id();
  const json claims = *subjects_.Claims(
      *client_, EncodeActing({beta, delegation.delegation_id()}), {kIdaScope});
  EXPECT_FALSE(claims["delegation_info"].contains("corporate_number"));
  EXPECT_EQ(claims["delegation_info"]["name"], "見本商店");
  EXPECT_EQ(disclosures_.asked,
            std::vector<std::string>{"saburo CheckActing acting"});
}

// Threats 34 and 35, as far as they are gbizid's own.
TEST_F(BusinessIdTest, WrongPasswordsAndSecretsOpenNothing) {
  Browser browser(provider_.get());
  const HttpAnswer wrong =
      EnterPage(browser, "\"><script>a@b", "wrong password!");
  EXPECT_FALSE(absl::StrContains(wrong.body, "<script>a"));
  EXPECT_FALSE(absl::StrContains(wrong.body, "wrong password!"));
  EXPECT_EQ(RedirectParameter(browser.Submit("/consent"), "code"), "");

  Browser again(provider_.get());
  EnterPage(again, "a@b");
  const std::string code = RedirectParameter(again.Submit("/consent"), "code");
  EXPECT_EQ(Tokens(code, "another secret")["error"], "invalid_client");
  EXPECT_EQ(Tokens(code, kClientSecret, openid::kVerifier, "other")["error"],
            "invalid_grant")
      << "another client's code";
  EXPECT_EQ(Tokens(code)["error"], "invalid_grant")
      << "tried once, it is used up";
  Browser late(provider_.get());
  EnterPage(late, "a@b");
  const std::string old = RedirectParameter(late.Submit("/consent"), "code");
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Tokens(old)["error"], "invalid_grant");
}

}  // namespace
}  // namespace psm::gbizid
