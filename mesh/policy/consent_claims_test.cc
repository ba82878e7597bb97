#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/policy/consent.h"
#include "mesh/policy/consent_token.h"
#include "mesh/policy/good_consent.h"

namespace psm {
namespace {

using ::testing::HasSubstr;

void ExpectInvalid(const std::string& payload, const std::string& what) {
  auto consent = ReadConsentClaims(payload);
  ASSERT_FALSE(consent.ok()) << payload;
  EXPECT_EQ(consent.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(consent.status()), "CONSENT_INVALID");
  EXPECT_THAT(std::string(consent.status().message()), HasSubstr(what));
}

TEST(ConsentClaimsTest, OthersAreRefused) {
  struct Case {
    const char* from;
    std::string to;
    const char* what;
  };
  const std::string good = EncodeConsentPayload(GoodConsent());
  const std::string subject = R"("sub":"abcdefghijklmnopqrstuvwxyz")";
  const std::string attributes = R"("psm_attributes":["address","name"])";
  std::string sixty_five = "[\"a0\"";
  for (int i = 1; i <= 64; ++i) absl::StrAppend(&sixty_five, ",\"a", i, "\"");
  for (const Case& c : std::vector<Case>{
           {"system/identity\"", "system/other\"", "by identity"},
           {"\"iss\"", "\"issuer\"", "by identity"},
           {"\"psm-mesh\"", "\"psm-mesh2\"", "this mesh"},
           {"\"psm-mesh\"", "[\"psm-mesh\"]", "this mesh"},
           {"\"aud\":\"psm-mesh\",", "", "this mesh"},
           {"\"iat\":1759996400,", "", "iat"},
           {"1759996400", "\"1759996400\"", "iat"},
           {"1759996400", "1759996400.0", "flat JSON"},
           {"1759996400", "1.7599964e9", "flat JSON"},
           {"1759996400", "-1", "iat"},
           {"1759996400", "0", "365 days"},
           {"\"exp\":1760003600,", "", "exp"},
           {"1760003600", "null", "flat JSON"},
           {"1760003600", "\"never\"", "exp"},
           {"1760003600", "253402300800", "exp"},
           {"1760003600", "9223372036854775807", "exp"},
           {"1760003600", "9223372036854775808", "flat JSON"},
           {"1760003600", "-9223372036854775808", "exp"},
           {"1760003600", "253402300799", "365 days"},
           {"1760003600", "1791532401", "365 days"},  // iat + 365 d + 1 s
           {"1760003600", "1759996400", "before it begins"},
           {"1760003600", "1759996399", "before it begins"},
           {"\"jti\"", "\"id\"", "lacks a claim"},
           {"5f0c1c3e-0f0f-4c6e-9b7e-000000000001", "", "its id"},
           {"5f0c1c3e-0f0f-4c6e-9b7e-000000000001", "a b", "its id"},
           {"5f0c1c3e-0f0f-4c6e-9b7e-000000000001", "a\\u0000", "its id"},
           {"5f0c1c3e-0f0f-4c6e-9b7e-000000000001", std::string(129, 'a'),
            "its id"},
           {subject.c_str(), "\"sub\":\"\"", "its subject"},
           {subject.c_str(), "\"sub\":7", "lacks a claim"},
           {"\"bank/customers\"", "\"bank\"", "its consumer"},
           {"\"bank/customers\"", "\"*\"", "its consumer"},
           {"\"bank/customers\"", "[\"bank/customers\"]", "lacks a claim"},
           {"customer-address", "*", "its affair"},
           {"/GetBasicItems", "", "its method"},
           {"/GetBasicItems", "/*", "its method"},
           {attributes.c_str(), "\"psm_attributes\":[]", "no attribute"},
           {attributes.c_str(), "\"psm_attributes\":\"address\"",
            "lacks a claim"},
           {attributes.c_str(), "\"psm_attributes\":[\"*\"]", "an attribute"},
           {attributes.c_str(), "\"psm_attributes\":[\"a\",\"a\"]",
            "an attribute"},
           {attributes.c_str(), "\"psm_attributes\":" + sixty_five + "]",
            "too many"},
           // Claims that might narrow or widen in a reader that knows them.
           {"\"jti\"", "\"nbf\":1790000000,\"jti\"", "does not know"},
           {"\"jti\"", "\"psm_provider\":\"a/b\",\"jti\"", "does not know"},
           // A claim twice: one reader takes the first, another the last.
           {"\"jti\"", "\"sub\":\"bcdefghijklmnopqrstuvwxyza\",\"jti\"",
            "flat JSON"},
           {"\"jti\"", "\"\\u0065xp\":1790000000,\"jti\"", "flat JSON"},
           {"\"jti\"", "\"act\":{\"sub\":\"a\"},\"jti\"", "flat JSON"},
       }) {
    const std::string payload = absl::StrReplaceAll(good, {{c.from, c.to}});
    ASSERT_NE(payload, good) << c.from;
    ExpectInvalid(payload, c.what);
  }
  for (const std::string& payload :
       {std::string(), std::string("null"), "[" + good + "]", good + good,
        good + "junk", "\xef\xbb\xbf" + good})
    ExpectInvalid(payload, "flat JSON");
}

TEST(ConsentClaimsTest, SigningRefusesWhatReadingWould) {
  const std::unique_ptr<SigningKey> key = SigningKey::Generate().value();
  struct Case {
    void (*change)(Consent&);
  };
  for (const Case& c : std::vector<Case>{
           {[](Consent& x) { x.id = ""; }},
           {[](Consent& x) { x.id = "山田"; }},
           {[](Consent& x) { x.subject = ""; }},
           {[](Consent& x) { x.consumer = "bank"; }},
           {[](Consent& x) { x.affair = ""; }},
           {[](Consent& x) { x.method = "GetBasicItems"; }},
           {[](Consent& x) { x.attributes = {}; }},
           {[](Consent& x) { x.attributes = {"a", "a"}; }},
           {[](Consent& x) { x.attributes.assign(65, "a"); }},
           {[](Consent& x) { x.expire_time = x.issue_time; }},
           {[](Consent& x) {
             x.expire_time = x.issue_time + absl::Hours(24 * 365 + 1);
           }},
           {[](Consent& x) { x.expire_time = absl::InfiniteFuture(); }},
           {[](Consent& x) {
             x.attributes.clear();
             for (int i = 0; i < 64; ++i)
               x.attributes.push_back(std::string(120, 'a') +
                                      std::to_string(i));
           }},
       }) {
    Consent consent = GoodConsent();
    c.change(consent);
    EXPECT_EQ(SignConsent(consent, *key, "k1").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(SignConsent(GoodConsent(), *key, "").ok());
  EXPECT_FALSE(SignConsent(GoodConsent(), *key, "k\"1").ok());
  // The longest that is allowed.
  Consent consent = GoodConsent();
  consent.expire_time = consent.issue_time + kMaxConsentDuration;
  EXPECT_TRUE(SignConsent(consent, *key, "k1").ok());
  EXPECT_TRUE(ReadConsentClaims(EncodeConsentPayload(consent)).ok());
}

}  // namespace
}  // namespace psm
