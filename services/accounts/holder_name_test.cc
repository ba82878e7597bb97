#include "services/accounts/holder_name.h"

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(HolderNameTest, WritesNamesAsBanksDo) {
  for (const auto& [name, kana] :
       std::vector<std::pair<std::string, std::string>>{
           {"ヤマダ　ハナコ", "ﾔﾏﾀﾞ ﾊﾅｺ"},
           {"ﾔﾏﾀﾞ ﾊﾅｺ", "ﾔﾏﾀﾞ ﾊﾅｺ"},
           {"　ヤマダ　　ハナコ ", "ﾔﾏﾀﾞ ﾊﾅｺ"},
           {"ヤマタ\u3099 ハナコ", "ﾔﾏﾀﾞ ﾊﾅｺ"},  // combining
           {"ヤマタ\u309B ハナコ", "ﾔﾏﾀﾞ ﾊﾅｺ"},  // spacing
           {"ハ\u309Aパ", "ﾊﾟﾊﾟ"},
           {"キャッスル", "ｷﾔﾂｽﾙ"},
           {"ｷｬｯｽﾙ", "ｷﾔﾂｽﾙ"},
           {"オーノ", "ｵ-ﾉ"},
           {"Ｓｍｉｔｈ　ジョン", "SMITH ｼﾞﾖﾝ"}}) {
    absl::StatusOr<std::string> got = BankKana(name);
    ASSERT_TRUE(got.ok()) << name;
    EXPECT_EQ(*got, kana);
  }
}

TEST(HolderNameTest, RefusesWhatBanksDoNotWrite) {
  std::string long_name;
  for (int i = 0; i < 101; ++i) long_name += "ア";
  for (const std::string& name :
       {std::string(), std::string(" 　 "), std::string("山田"),
        std::string("やまだ"), std::string("ヤマダ;"), std::string("\xff"),
        std::string("ヤ\0マ", 7), long_name}) {
    EXPECT_FALSE(BankKana(name).ok()) << name;
    EXPECT_FALSE(IsSameHolder(name, name)) << name;
  }
}

TEST(HolderNameTest, SpellingsThatABankCannotTellApartAreOneHolder) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"ヤマダ　ハナコ", "ﾔﾏﾀﾞﾊﾅｺ"},
           {"ショウジ　リョウ", "ｼﾖｳｼﾞ ﾘﾖｳ"},
           {"オーノ　ケン", "ｵ-ﾉ ｹﾝ"},
           {"オーノ　ケン", "ｵｰﾉ ｹﾝ"},
           {"オーノ　ケン", "オ‐ノ　ケン"},  // U+2010
           {"オーノ　ケン", "オ\u2011ノ　ケン"},
           {"オーノ　ケン", "オ\u2013ノ　ケン"},
           {"オーノ　ケン", "オ\u2014ノ　ケン"},
           {"オーノ　ケン", "オ\u2015ノ　ケン"},
           {"オーノ　ケン", "オ\u2212ノ　ケン"},
           {"オーノ　ケン", "オ\u2500ノ　ケン"},
           {"オーノ　ケン", "オ\uFF0Dノ　ケン"},
           {"マリア・ロペス", "ﾏﾘｱ ﾛﾍﾟｽ"},
           {"マリア・ロペス", "マリア\uFF65ロペス"},
           {"キャロル　ジョーンズ", "ｷﾔﾛﾙｼﾞﾖ-ﾝｽﾞ"},
           {"ミヵヅキ　ヶンヂ", "ﾐｶﾂﾞｷ ｹﾝﾁﾞ"},
           {"ヷン　ヺルフ", "ワ\u3099ン　ヲ\u3099ルフ"},
           {"プリンス", "フ\u309Aリンス"}}) {
    EXPECT_TRUE(IsSameHolder(a, b)) << a << " / " << b;
    EXPECT_TRUE(IsSameHolder(b, a)) << a << " / " << b;
  }
}

TEST(HolderNameTest, ANameThatTheBankCutIsTheLongerName) {
  const std::string person =
      "ファン・デル・ヴェールト　アレクサンドリア　マルガレータ";
  const std::string cut = "ﾌｱﾝ ﾃﾞﾙ ｳﾞｴ-ﾙﾄ ｱﾚｸｻﾝﾄﾞﾘｱ ﾏﾙｶﾞﾚ";  // 30 characters
  EXPECT_TRUE(IsSameHolder(person, cut));
  EXPECT_TRUE(IsSameHolder(person, person));
  EXPECT_FALSE(IsSameHolder(person, "ﾌｱﾝ ﾃﾞﾙ ｳﾞｴ-ﾙﾄ ｱﾚｸｻﾝﾄﾞﾘｱ ﾏﾙｶﾞ"))
      << "a shorter one was not cut";
  EXPECT_FALSE(IsSameHolder(cut, person)) << "the bank's is never the longer";
  EXPECT_FALSE(IsSameHolder(person, "ﾌｱﾝ ﾃﾞﾙ ｳﾞｴ-ﾙﾄ ｱﾚｸｻﾝﾄﾞﾘｱ ﾐﾙｶﾞﾚ"));
}

TEST(HolderNameTest, OtherNamesAreOtherHolders) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"ヤマダ　ハナコ", "ヤマダ　タロウ"},
           {"ヤマダ　ハナコ", "ヤマタ　ハナコ"},  // voicing
           {"オノ　ケン", "オーノ　ケン"},        // long vowel
           {"オオノ　ケン", "オーノ　ケン"},
           {"ヤマダ　ハナコ", "ヤマダ"},
           {"バン", "パン"},
           {"ヤマダ", ""},
           {"", ""}}) {
    EXPECT_FALSE(IsSameHolder(a, b)) << a << " / " << b;
  }
}

}  // namespace
}  // namespace psm
