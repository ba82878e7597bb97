#include "mesh/policy/consent_token.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/crypto/digest.h"
#include "mesh/crypto/signing_key.h"
#include "mesh/policy/consent.h"
#include "mesh/policy/good_consent.h"

namespace psm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHeader[] =
    R"({"alg":"ES256","typ":"psm-consent+jwt","kid":"k1"})";

// Identity's key k1 in a state, and whatever a forger can do.
class ConsentTokenTest : public testing::Test {
 protected:
  ConsentTokenTest() {
    key_ = SigningKey::Generate().value();
    other_key_ = SigningKey::Generate().value();
    consent::v1::GetFeedResponse feed;
    consent::v1::Key* key = feed.add_keys();
    key->set_kid("k1");
    key->set_public_key(key_->Public()->ToDer());
    state_.Update(feed, absl::Seconds(1));
  }

  // A token of any header and payload, signed as given.
  static std::string Join(
      const std::string& header, const std::string& payload,
      const std::function<std::string(absl::string_view)>& sign) {
    const std::string part = absl::WebSafeBase64Escape(header) + "." +
                             absl::WebSafeBase64Escape(payload);
    return part + "." + absl::WebSafeBase64Escape(sign(part));
  }
  std::string Signed(const std::string& header,
                     const std::string& payload) const {
    return Join(header, payload,
                [this](absl::string_view part) { return key_->SignRaw(part); });
  }
  std::string GoodToken() const {
    return SignConsent(GoodConsent(), *key_, "k1").value();
  }
  void ExpectInvalid(const std::string& token, const std::string& what) {
    auto consent = state_.Verify(token, kNow);
    ASSERT_FALSE(consent.ok()) << what;
    EXPECT_EQ(consent.status().code(), absl::StatusCode::kPermissionDenied)
        << consent.status();
    EXPECT_EQ(ReasonOf(consent.status()), "CONSENT_INVALID")
        << consent.status();
    EXPECT_THAT(std::string(consent.status().message()), HasSubstr(what));
    EXPECT_THAT(consent.status().ToString(),
                Not(HasSubstr(GoodConsent().subject)));
  }

  std::unique_ptr<SigningKey> key_;
  std::unique_ptr<SigningKey> other_key_;
  ConsentState state_{absl::Seconds(1)};
};

TEST_F(ConsentTokenTest, WhatIsSignedIsWhatIsRead) {
  Consent signed_consent = GoodConsent();
  signed_consent.issue_time += absl::Milliseconds(300);
  signed_consent.expire_time += absl::Milliseconds(700);
  auto token = SignConsent(signed_consent, *key_, "k1");
  ASSERT_TRUE(token.ok()) << token.status();
  auto consent = state_.Verify(*token, kNow);
  ASSERT_TRUE(consent.ok()) << consent.status();
  const Consent& read = **consent;
  const Consent good = GoodConsent();
  EXPECT_EQ(read.id, good.id);
  EXPECT_EQ(read.subject, good.subject);
  EXPECT_EQ(read.consumer, good.consumer);
  EXPECT_EQ(read.affair, good.affair);
  EXPECT_EQ(read.method, good.method);
  EXPECT_EQ(read.attributes, good.attributes);
  EXPECT_EQ(read.issue_time, good.issue_time);
  EXPECT_EQ(read.expire_time, good.expire_time);
}

TEST_F(ConsentTokenTest, HasTheFormThatOtherLibrariesRead) {
  const std::string payload = EncodeConsentPayload(GoodConsent());
  EXPECT_EQ(payload,
            R"({"iss":"spiffe://psm.test/agency/identity/system/identity",)"
            R"("aud":"psm-mesh","sub":"abcdefghijklmnopqrstuvwxyz",)"
            R"("jti":"5f0c1c3e-0f0f-4c6e-9b7e-000000000001",)"
            R"("iat":1759996400,"exp":1760003600,)"
            R"("psm_consumer":"bank/customers",)"
            R"("psm_affair":"customer-address",)"
            R"("psm_method":"psm.identity.v1.BasicItemsService/GetBasicItems",)"
            R"("psm_attributes":["address","name"]})");
  // By hand, with white space and another order of members: well too.
  EXPECT_TRUE(
      state_
          .Verify(
              Signed(R"({ "kid":"k1", "typ":"psm-consent+jwt","alg":"ES256"})",
                     payload + "\n"),
              kNow)
          .ok());
}

TEST_F(ConsentTokenTest, OtherHeadersAreRefused) {
  struct Case {
    std::string header;
    const char* what;
  };
  const auto with = [](const std::string& member) {
    return absl::StrReplaceAll(kHeader, {{"}", "," + member + "}"}});
  };
  const auto replaced = [](const char* from, const char* to) {
    return absl::StrReplaceAll(kHeader, {{from, to}});
  };
  const std::string payload = EncodeConsentPayload(GoodConsent());
  for (const Case& c : std::vector<Case>{
           {replaced("ES256", "none"), "ES256"},
           {replaced("ES256", "None"), "ES256"},
           {replaced("ES256", "es256"), "ES256"},
           {replaced("ES256", "HS256"), "ES256"},
           {replaced("ES256", "RS256"), "ES256"},
           {replaced("ES256", "ES384"), "ES256"},
           {replaced("ES256", ""), "ES256"},
           {replaced("\"ES256\"", "[\"ES256\"]"), "ES256"},
           {replaced("\"alg\":\"ES256\",", ""), "ES256"},
           {replaced("psm-consent+jwt", "JWT"), "psm-consent+jwt"},
           {replaced("psm-consent+jwt", "PSM-consent+jwt"), "psm-consent+jwt"},
           {replaced("psm-consent+jwt", "application/psm-consent+jwt"),
            "psm-consent+jwt"},
           {replaced("\"typ\":\"psm-consent+jwt\",", ""), "psm-consent+jwt"},
           {replaced("k1", "k2"), "not identity's"},
           {replaced("k1", ""), "names no key"},
           {replaced("k1", "../../k1"), "names no key"},
           {replaced("\"k1\"", "1"), "names no key"},
           {replaced(",\"kid\":\"k1\"", ""), "names no key"},
           {with(R"("jku":"https://attacker.example/keys")"), "other than"},
           {with(R"("x5u":"https://attacker.example/cert")"), "other than"},
           {with(R"("x5c":["MIIB"])"), "other than"},
           {with(R"("x5t":"a")"), "other than"},
           {with(R"("crit":["exp"])"), "other than"},
           {with(R"("crit":[])"), "other than"},
           {with(R"("cty":"JWT")"), "other than"},
           {with(R"("zip":"DEF")"), "other than"},
           {with(R"("jwk":{"kty":"EC"})"), "header that is not"},
           {with(R"("b64":false)"), "header that is not"},
           {with(R"("alg":"ES256")"), "header that is not"},
           {with(R"("kid":"k1")"), "header that is not"},
           {"{\"alg\":\"none\"," + std::string(kHeader).substr(1),
            "header that is not"},
           {std::string(kHeader) + "x", "header that is not"},
           {"[]", "header that is not"},
           {"{}", "ES256"},
           {"", "header that is not"},
       })
    ExpectInvalid(Signed(c.header, payload), c.what);
}

TEST_F(ConsentTokenTest, SignaturesOfOtherMakesAreRefused) {
  const std::string payload = EncodeConsentPayload(GoodConsent());
  struct Case {
    std::function<std::string(absl::string_view)> sign;
    const char* what;
  };
  const std::string good_signature =
      key_->SignRaw(absl::StrCat(absl::WebSafeBase64Escape(kHeader), ".",
                                 absl::WebSafeBase64Escape(payload)));
  for (const Case& c : std::vector<Case>{
           {[](absl::string_view) { return ""; }, "64 bytes"},
           {[&](absl::string_view p) { return key_->SignDer(p); }, "64 bytes"},
           {[&](absl::string_view p) { return key_->SignRaw(p) + '\0'; },
            "64 bytes"},
           {[&](absl::string_view p) { return key_->SignRaw(p).substr(1); },
            "64 bytes"},
           {[](absl::string_view) { return std::string(64, '\0'); },
            "does not verify"},
           {[](absl::string_view) { return std::string(64, '\xff'); },
            "does not verify"},
           {[&](absl::string_view p) { return other_key_->SignRaw(p); },
            "does not verify"},
           {[&](absl::string_view p) {
              return key_->SignRaw(absl::StrCat(p, "x"));
            },
            "does not verify"},
           {[&](absl::string_view p) {
              return key_->SignRaw(p.substr(p.find('.') + 1));
            },
            "does not verify"},
           // HMAC under the published key, hidden behind alg ES256.
           {[&](absl::string_view p) {
              const std::string mac =
                  HmacSha256(SecretBytes(key_->Public()->ToDer()), p);
              return mac + mac;
            },
            "does not verify"},
           {[&](absl::string_view) {
              std::string flipped = good_signature;
              flipped[63] = static_cast<char>(flipped[63] ^ 1);
              return flipped;
            },
            "does not verify"},
       })
    ExpectInvalid(Join(kHeader, payload, c.sign), c.what);
}

TEST_F(ConsentTokenTest, AnHmacUnderThePublicKeyIsRefused) {
  const std::string header = absl::StrReplaceAll(kHeader, {{"ES256", "HS256"}});
  ExpectInvalid(Join(header, EncodeConsentPayload(GoodConsent()),
                     [this](absl::string_view part) {
                       return HmacSha256(SecretBytes(key_->Public()->ToDer()),
                                         part);
                     }),
                "ES256");
}

TEST_F(ConsentTokenTest, OtherFormsAreRefused) {
  const std::string good = GoodToken();
  const std::size_t dot = good.find('.');
  const std::size_t last_dot = good.rfind('.');
  for (const std::string& token :
       std::vector<std::string>{"",
                                ".",
                                "..",
                                "...",
                                good + ".",
                                "." + good,
                                good + ".x",
                                good.substr(0, last_dot),
                                good.substr(0, last_dot) + ".",
                                good.substr(dot + 1),
                                good + "=",
                                good + "==",
                                good + "\n",
                                " " + good,
                                good + " ",
                                good + std::string(1, '\0'),
                                good.substr(0, dot) + "=" + good.substr(dot),
                                good.substr(0, dot) + "\n" + good.substr(dot),
                                "Bearer " + good,
                                "junk",
                                "!!!.???.***",
                                "\xff\xfe.\xff.\xff",
                                "eyJ.eyJ.AAAA",
                                std::string(100, '.'),
                                "{\"payload\":\"\",\"signatures\":[]}"})
    ExpectInvalid(token, "");
}

TEST_F(ConsentTokenTest, OnlyTheCanonicalBase64IsTaken) {
  // 64 bytes leave four unused bits in the last character: sixteen spellings
  // decode to one signature.
  const std::string good = GoodToken();
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  int taken = 0;
  for (char c : alphabet) {
    std::string token = good;
    token.back() = c;
    taken += state_.Verify(token, kNow).ok();
  }
  EXPECT_EQ(taken, 1);
  ExpectInvalid(absl::StrReplaceAll(good, {{"-", "+"}, {"_", "/"}}) + "+", "");
}

TEST_F(ConsentTokenTest, EveryFlippedCharacterIsNoticed) {
  const std::string good = GoodToken();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string token = good;
    token[i] = token[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(state_.Verify(token, kNow).ok()) << i;
  }
}

TEST_F(ConsentTokenTest, AHugeTokenIsRefusedUnread) {
  ExpectInvalid(std::string(kMaxConsentTokenSize + 1, 'A'), "8192");
  ExpectInvalid(std::string(50 << 20, '.'), "8192");
  ExpectInvalid(GoodToken() + std::string(kMaxConsentTokenSize, 'A'), "8192");
}

TEST_F(ConsentTokenTest, OtherClaimsAreRefusedThoughSigned) {
  const std::string good = EncodeConsentPayload(GoodConsent());
  ExpectInvalid(
      Signed(kHeader, absl::StrReplaceAll(good, {{"psm-mesh", "other-mesh"}})),
      "this mesh");
  ExpectInvalid(Signed(kHeader, ""), "flat JSON");
}

TEST_F(ConsentTokenTest, HoldsFromItsIssueToItsEnd) {
  const Consent consent = GoodConsent();
  const std::string token = GoodToken();
  const auto reason = [&](absl::Time now) {
    return ReasonOf(state_.Verify(token, now).status());
  };
  const absl::Duration tick = absl::Nanoseconds(1);
  for (int round = 0; round < 2; ++round) {  // verified, then from the cache
    EXPECT_EQ(reason(consent.expire_time - tick), "");
    EXPECT_EQ(reason(consent.expire_time), "CONSENT_EXPIRED");
    EXPECT_EQ(reason(absl::InfiniteFuture()), "CONSENT_EXPIRED");
    EXPECT_EQ(reason(consent.issue_time - absl::Minutes(1)), "");
    EXPECT_EQ(reason(consent.issue_time - absl::Minutes(1) - tick),
              "CONSENT_EXPIRED");
  }
  EXPECT_EQ(state_.Verify(token, consent.expire_time).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ConsentTokenTest, AForgeryIsNotToldWhetherItHasExpired) {
  Consent consent = GoodConsent();
  consent.expire_time = kNow - absl::Minutes(1);
  const std::string forged = SignConsent(consent, *other_key_, "k1").value();
  ExpectInvalid(forged, "does not verify");
}

}  // namespace
}  // namespace psm
