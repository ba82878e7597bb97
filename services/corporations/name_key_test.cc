#include "services/corporations/name_key.h"

#include <string>

#include "gtest/gtest.h"

namespace psm::corporations {
namespace {

struct SameName {
  const char* one;
  const char* other;
};

class NameKeyTest : public testing::TestWithParam<SameName> {};

TEST_P(NameKeyTest, OneNameHasOneKey) {
  EXPECT_EQ(NameKey(GetParam().one), NameKey(GetParam().other));
  EXPECT_NE(NameKey(GetParam().one), "");
}

INSTANTIATE_TEST_SUITE_P(
    Names, NameKeyTest,
    testing::Values(SameName{"株式会社かくう製作所", "かくう製作所株式会社"},
                    SameName{"㈱かくう製作所", "カクウ製作所(株)"},
                    SameName{"（株）かくう製作所", "かくう製作所"},
                    SameName{"㍿ かくう　製作所", "かくう製作所"},
                    SameName{"有限会社廣澤商店", "㈲広沢商店"},
                    SameName{"合同会社ABC", "ＡＢＣ（同）"},
                    SameName{"株式会社サンプル・ワン", "ｻﾝﾌﾟﾙﾜﾝ"},
                    SameName{"特定非営利活動法人ゆめ", "NPO法人ゆめ"},
                    SameName{"一般社団法人空想&夢", "空想夢"},
                    SameName{"キャノン", "きやのん"}));

TEST(NameKeysTest, DifferentNamesHaveDifferentKeys) {
  EXPECT_NE(NameKey("かくう製作所"), NameKey("かくう製作"));
  EXPECT_NE(NameKey("サンプル"), NameKey("サンフル"));
  EXPECT_NE(NameKey("コーポ"), NameKey("コポ"));
}

TEST(NameKeysTest, ALegalFormAloneIsNoName) {
  for (const std::string nothing :
       {"", " ", "株式会社", "㈱", "(有)", "株式会社 有限会社", "・・・",
        "\xFF", "か\nくう"}) {
    EXPECT_EQ(NameKey(nothing), "") << nothing;
  }
}

TEST(NameKeysTest, KanaIsKanaAndNothingElse) {
  EXPECT_EQ(KanaKey("ｶｸｳｾｲｻｸｼｮ"), KanaKey("かくう せいさくしょ"));
  EXPECT_EQ(KanaKey("エー・ビー・シー"), "エービーシー");
  EXPECT_NE(KanaKey("ABC123"), "");
  for (const std::string other :
       {"", "架空", "カクウ製作所", "カクウ%", "カクウ_", "カ\tク", "\xE3"}) {
    if (other == "カ\tク") {
      EXPECT_EQ(KanaKey(other), "カク");
    } else {
      EXPECT_EQ(KanaKey(other), "") << other;
    }
  }
}

}  // namespace
}  // namespace psm::corporations
