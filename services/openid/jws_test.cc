#include "services/openid/jws.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace psm::openid {
namespace {

using nlohmann::json;

class JwsTest : public testing::TestWithParam<JwsAlgorithm> {};

TEST_P(JwsTest, WhatAKeySignsItVerifiesAndNothingElse) {
  const auto key = *JwsKey::Generate(GetParam());
  const auto other = *JwsKey::Generate(GetParam());
  const std::string token = key->Sign("JWT", {{"sub", "a"}});
  const auto split = SplitJws(token, 8192);
  ASSERT_TRUE(split.has_value());
  EXPECT_EQ(split->alg, NameOf(GetParam()));
  EXPECT_EQ(split->kid, key->kid());
  EXPECT_EQ(split->claims["sub"], "a");
  EXPECT_TRUE(key->Verify(split->signed_part, split->signature));
  EXPECT_FALSE(other->Verify(split->signed_part, split->signature));
  EXPECT_FALSE(key->Verify(split->signed_part + "x", split->signature));
  EXPECT_FALSE(key->Verify(split->signed_part, ""));
}

TEST_P(JwsTest, AKeyComesBackFromItsPem) {
  const auto key = *JwsKey::Generate(GetParam());
  const auto again = JwsKey::FromPem(key->ToPem().Reveal(), GetParam());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->kid(), key->kid());
  const auto kind = GetParam() == JwsAlgorithm::kEs256 ? JwsAlgorithm::kRs256
                                                       : JwsAlgorithm::kEs256;
  EXPECT_FALSE(JwsKey::FromPem(key->ToPem().Reveal(), kind).ok());
}

INSTANTIATE_TEST_SUITE_P(Both, JwsTest,
                         testing::Values(JwsAlgorithm::kEs256,
                                         JwsAlgorithm::kRs256));

TEST(SplitJwsTest, RefusesEveryOtherForm) {
  const std::string claims = Base64Url("{}");
  const auto with = [&](const std::string& header) {
    return absl::StrCat(Base64Url(header), ".", claims, ".", Base64Url("s"));
  };
  EXPECT_TRUE(SplitJws(with(R"({"alg":"ES256"})"), 8192).has_value());
  for (const char* header :
       {R"({})", R"([])", R"({"alg":1})", R"({"alg":""})",
        R"({"alg":"ES256","kid":1})", R"({"alg":"ES256","crit":["x"]})",
        R"({"alg":"ES256","b64":false})", R"({"alg":"ES256","jwk":{}})",
        R"({"alg":"ES256","jku":"https://x"})", R"({"alg":"ES256","x5c":[]})",
        R"({"alg":"ES256","x5u":"x"})", "{"}) {
    EXPECT_FALSE(SplitJws(with(header), 8192).has_value()) << header;
  }
  const std::string good = with(R"({"alg":"ES256"})");
  for (const std::string& bad :
       {std::string(), std::string("."), good + ".x", good + "=", "!" + good,
        good.substr(0, good.rfind('.')), std::string(9000, 'a')}) {
    EXPECT_FALSE(SplitJws(bad, 8192).has_value()) << bad.substr(0, 40);
  }
}

TEST(JwkTest, TakesPublicP256KeysForSigningAlone) {
  const auto key = *JwsKey::Generate(JwsAlgorithm::kEs256);
  EXPECT_TRUE(Es256KeyOf(key->public_jwk()).ok());
  const json changes[] = {{{"kty", "RSA"}},
                          {{"crv", "P-384"}},
                          {{"use", "enc"}},
                          {{"alg", "HS256"}},
                          {{"d", "AAAA"}},
                          {{"x", nullptr}},
                          {{"y", Base64Url(std::string(32, '\x01'))}},
                          {{"x", "AA"}},
                          {{"x", 1}}};
  for (const json& change : changes) {
    json jwk = key->public_jwk();
    jwk.merge_patch(change);
    EXPECT_FALSE(Es256KeyOf(jwk).ok()) << change;
  }
  EXPECT_FALSE(Es256KeyOf(json("text")).ok());
}

}  // namespace
}  // namespace psm::openid
