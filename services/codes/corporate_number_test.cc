#include "services/codes/corporate_number.h"

#include <string>

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(CorporateNumberTest, FollowsTheOrdinancesVectors) {
  EXPECT_EQ(CorporateCheckDigit("011001098993"), '4');
  EXPECT_TRUE(IsCorporateNumber("4011001098993"));
  EXPECT_EQ(CorporateCheckDigit("123456789012"), '7');
  EXPECT_TRUE(IsCorporateNumber("7123456789012"));
}

TEST(CorporateNumberTest, ACheckDigitIsNeverZero) {
  EXPECT_EQ(CorporateCheckDigit("000000000000"), '9');
  EXPECT_EQ(CorporateCheckDigit("000000000009"), '9');
  EXPECT_FALSE(IsCorporateNumber("0000000000000"));
}

TEST(CorporateNumberTest, SeesEveryWrongDigitButZeroForNine) {
  const std::string good = "4011001098993";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string number = good;
      number[i] = digit;
      const bool blind = i > 0 && ((digit == '0' && good[i] == '9') ||
                                   (digit == '9' && good[i] == '0'));
      EXPECT_EQ(IsCorporateNumber(number), digit == good[i] || blind) << number;
    }
  }
}

TEST(CorporateNumberTest, IsThirteenAsciiDigitsAndNothingElse) {
  for (const std::string number :
       {"", "4", "401100109899", "40110010989930", "4011001098993 ",
        "401100109899a", "-011001098993", "４０１１００１０９８９９３",
        "T4011001098993"}) {
    EXPECT_FALSE(IsCorporateNumber(number)) << number;
  }
}

}  // namespace
}  // namespace psm
