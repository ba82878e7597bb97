#include "mesh/policy/representation.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/policy/good_consent.h"

namespace psm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Representation GoodRepresentation() {
  Representation good;
  good.id = "5f0c1c3e-0f0f-4c6e-9b7e-000000000002";
  good.subject = "abcdefghijklmnopqrstuvwxyz";
  good.representative = "zyxwvutsrqponmlkjihgfedcba";
  good.capacity = Representative::kGuardian;
  good.consumer = "portal/terminal";
  good.issue_time = kNow - absl::Minutes(5);
  good.expire_time = kNow + absl::Minutes(10);
  return good;
}

void ExpectInvalid(const std::string& payload, const std::string& what) {
  const auto read = ReadRepresentationClaims(payload);
  ASSERT_FALSE(read.ok()) << payload;
  EXPECT_EQ(read.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(read.status()), "REPRESENTATION_INVALID");
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(what));
  EXPECT_THAT(read.status().ToString(),
              Not(HasSubstr(GoodRepresentation().subject)));
}

TEST(RepresentationTokenTest, HasTheFormThatOtherLibrariesRead) {
  const std::string payload = EncodeRepresentationPayload(GoodRepresentation());
  EXPECT_EQ(payload,
            R"({"iss":"spiffe://psm.test/agency/identity/system/identity",)"
            R"("aud":"psm-mesh","sub":"abcdefghijklmnopqrstuvwxyz",)"
            R"("jti":"5f0c1c3e-0f0f-4c6e-9b7e-000000000002",)"
            R"("iat":1759999700,"exp":1760000600,)"
            R"("psm_consumer":"portal/terminal",)"
            R"("psm_representative":"zyxwvutsrqponmlkjihgfedcba",)"
            R"("psm_capacity":"guardian"})");
  const auto read = ReadRepresentationClaims(payload);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(EncodeRepresentationPayload(*read), payload);
  EXPECT_EQ(read->capacity, Representative::kGuardian);
}

TEST(RepresentationTokenTest, EveryClaimIsReadStrictly) {
  const std::string payload = EncodeRepresentationPayload(GoodRepresentation());
  const auto replaced = [&payload](const char* from, const char* to) {
    const std::string text = absl::StrReplaceAll(payload, {{from, to}});
    EXPECT_NE(text, payload) << from;
    return text;
  };
  ExpectInvalid("[]", "flat JSON");
  ExpectInvalid(replaced("system/identity", "system/other"), "not issued by");
  ExpectInvalid(replaced("psm-mesh", "another-mesh"), "not meant for");
  ExpectInvalid(replaced("1760000600", "1760000600.5"), "flat JSON");
  ExpectInvalid(replaced("\"exp\":1760000600,", ""), "no exp");
  ExpectInvalid(replaced("1760000600", "1760000601"), "more than 15 minutes");
  ExpectInvalid(replaced("1760000600", "1759999700"), "ends before");
  ExpectInvalid(replaced("portal/terminal", "portal"), "not a system id");
  ExpectInvalid(replaced("\"guardian\"", "\"owner\""), "as what");
  ExpectInvalid(replaced("\"guardian\"", "1"), "lacks a claim");
  ExpectInvalid(replaced("zyxwvutsrqponmlkjihgfedcba", ""), "representative");
  ExpectInvalid(
      replaced("zyxwvutsrqponmlkjihgfedcba", "abcdefghijklmnopqrstuvwxyz"),
      "represent himself");
  ExpectInvalid(replaced("}", ",\"psm_affair\":\"x\"}"), "does not know");
  ExpectInvalid(replaced("}", ",\"sub\":\"x\"}"), "flat JSON");
}

TEST(RepresentationTokenTest, WhatWouldBeRefusedIsNotSigned) {
  const auto key = SigningKey::Generate().value();
  EXPECT_TRUE(SignRepresentation(GoodRepresentation(), *key, "k").ok());
  Representation longer = GoodRepresentation();
  longer.expire_time += absl::Seconds(1);
  EXPECT_FALSE(SignRepresentation(longer, *key, "k").ok());
  Representation nothing = GoodRepresentation();
  nothing.capacity = Representative::kNone;
  EXPECT_FALSE(SignRepresentation(nothing, *key, "k").ok());
  EXPECT_FALSE(SignRepresentation(GoodRepresentation(), *key, "no kid").ok());
}

}  // namespace
}  // namespace psm
