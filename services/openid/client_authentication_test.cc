#include "services/openid/client_authentication.h"

#include "gtest/gtest.h"
#include "services/openid/test_world.h"

namespace psm::openid {
namespace {

using nlohmann::json;

constexpr char kType[] =
    "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

class ClientAuthenticationTest : public testing::Test {
 protected:
  // "bank" where the client is let in, else the error's code.
  std::string Try(const std::string& assertion, const std::string& more = "",
                  const std::string& authorization = "") {
    const HttpAnswer answer = world_.Post(
        "/token",
        absl::StrCat("grant_type=authorization_code&code=x&redirect_uri=y"
                     "&client_assertion_type=",
                     kType, "&client_assertion=", assertion, more),
        authorization);
    const std::string error = json::parse(answer.body)["error"];
    EXPECT_EQ(answer.status, error == "invalid_client" ? 401 : 400);
    // Whoever is let in is told that the code is none.
    return error == "invalid_grant" ? "bank" : error;
  }
  std::string TryChanged(const json& change) {
    return Try(world_.Assertion("bank", *world_.bank_key, change));
  }
  std::int64_t Now() { return absl::ToUnixSeconds(world_.clock.Now()); }

  TestWorld world_;
};

TEST_F(ClientAuthenticationTest, AnAssertionIsGoodOnce) {
  const std::string assertion = world_.Assertion("bank", *world_.bank_key);
  EXPECT_EQ(Try(assertion), "bank");
  EXPECT_EQ(Try(assertion), "invalid_client");
  // A restart does not make it good again.
  world_.Start(StrictProfile());
  EXPECT_EQ(Try(assertion), "invalid_client");
}

TEST_F(ClientAuthenticationTest, AudienceIsIssuerOrTokenEndpoint) {
  EXPECT_EQ(TryChanged({{"aud", "https://op.example/token"}}), "bank");
  EXPECT_EQ(TryChanged({{"aud", {"https://x", "https://op.example"}}}), "bank");
  EXPECT_EQ(TryChanged({{"iat", Now() + 20}, {"nbf", Now()}}), "bank");
}

TEST_F(ClientAuthenticationTest, OneWrongClaimIsEnough) {
  const json changes[] = {{{"iss", "shop"}},
                          {{"iss", nullptr}},
                          {{"sub", "shop"}},
                          {{"sub", nullptr}},
                          {{"aud", "https://evil.example"}},
                          {{"aud", json::array()}},
                          {{"aud", nullptr}},
                          {{"aud", 7}},
                          {{"exp", nullptr}},
                          {{"exp", "tomorrow"}},
                          {{"exp", Now()}},
                          {{"exp", Now() + 601}},
                          {{"exp", 1e300}},
                          {{"nbf", Now() + 60}},
                          {{"iat", Now() + 3600}},
                          {{"jti", nullptr}},
                          {{"jti", ""}},
                          {{"jti", 7}},
                          {{"jti", std::string(300, 'j')}}};
  for (const json& change : changes)
    EXPECT_EQ(TryChanged(change), "invalid_client") << change;
}

TEST_F(ClientAuthenticationTest, OneWrongSignatureIsEnough) {
  EXPECT_EQ(Try(world_.Assertion("bank", *world_.shop_key)), "invalid_client");
  EXPECT_EQ(Try(world_.Assertion("nobody", *world_.bank_key)),
            "invalid_client");
  const json claims = {{"iss", "bank"},
                       {"sub", "bank"},
                       {"aud", "https://op.example"},
                       {"jti", "j"},
                       {"exp", Now() + 60}};
  // RFC 8725, 2.1: no algorithm, and HMAC under the public key.
  const auto unsigned_with = [&](const json& header,
                                 const std::string& signature) {
    return absl::StrCat(Base64Url(header.dump()), ".", Base64Url(claims.dump()),
                        ".", Base64Url(signature));
  };
  const std::string kid = world_.bank_key->kid();
  EXPECT_EQ(Try(unsigned_with({{"alg", "none"}, {"kid", kid}}, "")),
            "invalid_client");
  const std::string hmac_input =
      absl::StrCat(Base64Url(json({{"alg", "HS256"}, {"kid", kid}}).dump()),
                   ".", Base64Url(claims.dump()));
  EXPECT_EQ(Try(absl::StrCat(
                hmac_input, ".",
                Base64Url(HmacSha256(
                    SecretBytes(world_.bank->keys.begin()->second->ToDer()),
                    hmac_input)))),
            "invalid_client");
  EXPECT_EQ(Try(unsigned_with({{"alg", "ES256"}, {"kid", kid}},
                              std::string(64, '\0'))),
            "invalid_client");
  const std::string good = world_.Assertion("bank", *world_.bank_key);
  EXPECT_EQ(Try(good.substr(0, good.size() - 4) + "AAAA"), "invalid_client");
  EXPECT_EQ(Try("junk"), "invalid_client");
  EXPECT_EQ(Try(std::string(20000, 'a')), "invalid_client");
}

TEST_F(ClientAuthenticationTest, OneWayAndNoOther) {
  const std::string good = world_.Assertion("bank", *world_.bank_key);
  EXPECT_EQ(Try(good, "", "Basic YmFuazp4"), "invalid_client");
  EXPECT_EQ(Try(good, "&client_secret=x"), "invalid_client");
  EXPECT_EQ(Try(good, "&client_id=shop"), "invalid_client");
  const HttpAnswer none =
      world_.Post("/token", "grant_type=authorization_code&client_id=bank");
  EXPECT_EQ(none.status, 401);
}

TEST_F(ClientAuthenticationTest, ASecretIsTakenFromItsClientAlone) {
  world_.shop->authentication = ClientAuthentication::kBasic;
  world_.shop->secret_sha256 = Sha256("s3cret:%");
  const auto basic = [&](const std::string& pair) {
    const HttpAnswer answer = world_.Post(
        "/token", "grant_type=authorization_code&code=x&redirect_uri=y",
        "Basic " + absl::Base64Escape(pair));
    if (answer.status == 401) {
      EXPECT_NE(HeaderOf(answer, "WWW-Authenticate"), "");
    }
    return json::parse(answer.body)["error"].get<std::string>();
  };
  EXPECT_EQ(basic("shop:s3cret%3A%25"), "invalid_grant");
  EXPECT_EQ(basic("shop:wrong"), "invalid_client");
  EXPECT_EQ(basic("shop:"), "invalid_client");
  EXPECT_EQ(basic("bank:"), "invalid_client");
  EXPECT_EQ(basic("nobody:s3cret%3A%25"), "invalid_client");
  EXPECT_EQ(basic("shop"), "invalid_client");
  EXPECT_EQ(basic("shop' OR '1'='1:x"), "invalid_client");
  // Who is registered with a secret cannot come with a key, nor the reverse.
  EXPECT_EQ(Try(world_.Assertion("shop", *world_.shop_key)), "invalid_client");
}

}  // namespace
}  // namespace psm::openid
