#include "services/bank/consent_token.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::bank {
namespace {

std::string Token(const std::string& payload) {
  return absl::StrCat("e30.", absl::WebSafeBase64Escape(payload), ".c2ln");
}

TEST(ConsentTokenTest, GivesThePersonThatTheTokenNames) {
  EXPECT_EQ(*SubjectOfToken(Token(R"({"iss":"x","sub":"abc"})")), "abc");
}

class BadTokenTest : public testing::TestWithParam<std::string> {};

TEST_P(BadTokenTest, IsRefused) {
  const absl::Status status = SubjectOfToken(GetParam()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(status), "CONSENT_INVALID");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTokenTest,
    testing::Values(
        "", ".", "..", "...", "a.b", "a.b.c.d", "e30..c2ln",
        "e30." + absl::WebSafeBase64Escape(R"({"sub":"abc"})") + ".", Token(""),
        Token("null"), Token("[]"), Token("{}"), Token("{"),
        Token(R"({"sub":1})"), Token(R"({"sub":null})"), Token(R"({"sub":""})"),
        Token(R"({"sub":["abc"]})"), Token("\xff\xfe"),
        Token(R"({"sub":"abc"})") + "\n", Token(R"({"sub":"abc"})") + " ",
        " " + Token(R"({"sub":"abc"})"), Token(R"({"sub":"abc"})") + "=",
        "e30.*." + std::string("c2ln"), Token(R"({"sub":"abc"})") + "\r\nx: y",
        Token(R"({"sub":"abc"})") + std::string(1, '\0'),
        "e30+." + absl::WebSafeBase64Escape(R"({"sub":"abc"})") + ".c2ln",
        std::string(kMaxTokenSize, 'a'),
        Token(R"({"sub":"abc"})") + std::string(kMaxTokenSize, 'a'),
        Token("{\"sub\":" + std::string(5000, '['))));

}  // namespace
}  // namespace psm::bank
