#include "services/gbizid/one_time_password.h"

#include "gtest/gtest.h"

namespace psm::gbizid {
namespace {

constexpr char kSecret[] = "12345678901234567890";  // both RFCs' own

struct Vector {
  std::int64_t seconds;
  const char* password;
};

// RFC 6238, appendix B, the rows of SHA-1.
TEST(OneTimePasswordTest, GivesThePasswordsOfTheSpecification) {
  for (const Vector& vector :
       {Vector{59, "94287082"}, Vector{1111111109, "07081804"},
        Vector{1111111111, "14050471"}, Vector{1234567890, "89005924"},
        Vector{2000000000, "69279037"}, Vector{20000000000, "65353130"}}) {
    EXPECT_EQ(
        OneTimePassword(
            kSecret, OneTimeStepOf(absl::FromUnixSeconds(vector.seconds)), 8),
        vector.password);
  }
}

// RFC 4226, appendix D.
TEST(OneTimePasswordTest, CountsAsHotpDoes) {
  const char* const expected[] = {"755224", "287082", "359152", "969429",
                                  "338314", "254676", "287922", "162583",
                                  "399871", "520489"};
  for (int counter = 0; counter < 10; ++counter)
    EXPECT_EQ(OneTimePassword(kSecret, counter), expected[counter]);
}

TEST(OneTimePasswordTest, TakesTheStepBeforeAndTheOneAfterAndNoOther) {
  const absl::Time now = absl::FromUnixSeconds(1'780'000'000);
  const std::int64_t current = OneTimeStepOf(now);
  for (int off = -4; off <= 4; ++off) {
    const auto matched = MatchOneTimePassword(
        kSecret, OneTimePassword(kSecret, current + off), now, 0);
    EXPECT_EQ(matched.has_value(), off >= -1 && off <= 1) << off;
    if (matched) {
      EXPECT_EQ(*matched, current + off);
    }
  }
}

TEST(OneTimePasswordTest, TakesNoStepTwiceAndNoneBeforeIt) {
  const absl::Time now = absl::FromUnixSeconds(1'780'000'000);
  const std::int64_t current = OneTimeStepOf(now);
  const std::string password = OneTimePassword(kSecret, current);
  EXPECT_TRUE(MatchOneTimePassword(kSecret, password, now, current - 1));
  EXPECT_FALSE(MatchOneTimePassword(kSecret, password, now, current));
  EXPECT_FALSE(MatchOneTimePassword(kSecret, password, now, current + 1));
}

TEST(OneTimePasswordTest, TakesNothingThatIsNoPassword) {
  const absl::Time now = absl::FromUnixSeconds(1'780'000'000);
  const std::string right = OneTimePassword(kSecret, OneTimeStepOf(now));
  for (const std::string& wrong : {std::string(), right.substr(1), right + "0",
                                   " " + right, std::string(6, '\0')})
    EXPECT_FALSE(MatchOneTimePassword(kSecret, wrong, now, 0));
}

}  // namespace
}  // namespace psm::gbizid
