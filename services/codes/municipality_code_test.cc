#include "services/codes/municipality_code.h"

#include <string>

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(MunicipalityCodeTest, PublishedCodesHaveTheirCheckDigit) {
  for (const std::string code : {"010006", "130001", "200000", "131041",
                                 "011011", "472018", "990019", "990027"}) {
    EXPECT_EQ(WithMunicipalityCheckDigit(code.substr(0, 5)), code);
    EXPECT_TRUE(IsMunicipalityCode(code));
  }
}

// Eleven remainders, ten digits: 1 stands for two of them, so that codes which
// end in 1 take some wrong digits for right.
TEST(MunicipalityCodeTest, SeesEveryWrongDigitWhereTheCheckDigitIsNotOne) {
  EXPECT_TRUE(IsMunicipalityCode("131041"));
  EXPECT_TRUE(IsMunicipalityCode("151041"));
  const std::string good = "990019";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string code = good;
      code[i] = digit;
      EXPECT_EQ(IsMunicipalityCode(code), digit == good[i]) << code;
    }
  }
}

TEST(MunicipalityCodeTest, IsSixAsciiDigitsAndNothingElse) {
  for (const std::string code : {"", "13104", "1310410", "13104a", " 131041",
                                 "１３１０４１", "131041'"}) {
    EXPECT_FALSE(IsMunicipalityCode(code)) << code;
  }
}

}  // namespace
}  // namespace psm
