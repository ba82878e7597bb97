#include "services/benefits/zengin_kana.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(ZenginKanaTest, WritesNamesAsBanksDo) {
  const std::pair<const char*, const char*> kNames[] = {
      {"アオゾラ　ハナコ", "ｱｵｿﾞﾗ ﾊﾅｺ"},
      {"ショウジ　リュウ", "ｼﾖｳｼﾞ ﾘﾕｳ"},  // small kana become large
      {"ヴァッサー　ポール", "ｳﾞｱﾂｻ- ﾎﾟ-ﾙ"},
      {"カブシキガイシャａｂｃ１２", "ｶﾌﾞｼｷｶﾞｲｼﾔABC12"},
      {"ｼｮｳｼﾞ ﾎﾟｰﾙ", "ｼﾖｳｼﾞ ﾎﾟ-ﾙ"},  // half-width small kana too
      {"カ）テスト．／－", "ｶ)ﾃｽﾄ./-"},
      {"", ""},
  };
  for (const auto& [text, kana] : kNames) {
    const auto got = ToZenginKana(text);
    ASSERT_TRUE(got.ok()) << text;
    EXPECT_EQ(*got, kana) << text;
  }
}

TEST(ZenginKanaTest, IsItsOwnFixedPoint) {
  const auto once = ToZenginKana("ギャラクシー　ヂヅヮヰヱヲン");
  ASSERT_TRUE(once.ok());
  EXPECT_EQ(*once, "ｷﾞﾔﾗｸｼ- ﾁﾞﾂﾞﾜｲｴｦﾝ");
  EXPECT_EQ(*ToZenginKana(*once), *once);
}

TEST(ZenginKanaTest, EachOfTheFiftySoundsHasItsOwnByte) {
  const std::string kana =
      "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤ"
      "ユヨ"
      "ラリルレロワン";
  const auto bytes = ToZenginBytes(kana);
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(bytes->size(), 45U);
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    EXPECT_EQ(static_cast<unsigned char>((*bytes)[i]), 0xB1 + i);
  }
}

TEST(ZenginKanaTest, MarksAreBytesOfTheirOwn) {
  EXPECT_EQ(*ToZenginBytes("ガパヴ"), "\xB6\xDE\xCA\xDF\xB3\xDE");
}

TEST(ZenginKanaTest, TakesEveryKatakanaThatARegisterOfResidentsHas) {
  EXPECT_EQ(*ToZenginKana("ミヵヅキ　ヶンヂ"), "ﾐｶﾂﾞｷ ｹﾝﾁﾞ");
  EXPECT_EQ(*ToZenginKana("ヷヸヹヺ"), "ﾜﾞｲﾞｴﾞｦﾞ");
  // U+30A1 to U+30FA, and the long vowel.
  for (unsigned last = 0; last <= 0xFA - 0xA1; ++last) {
    const unsigned c = 0x30A1U + last;
    const std::string kana = {'\xE3',
                              static_cast<char>(0x80U | ((c >> 6) & 0x3FU)),
                              static_cast<char>(0x80U | (c & 0x3FU))};
    EXPECT_TRUE(ToZenginKana(kana).ok()) << kana;
  }
  EXPECT_TRUE(ToZenginKana("ー").ok());
}

TEST(ZenginKanaTest, RefusesWhatTheSetDoesNotHave) {
  for (const std::string& text : {
           std::string("あおぞら"),          // hiragana
           std::string("青空"),              // kanji
           std::string("ア\nイ"),            // a line end would split a record
           std::string("ア\0イ", 7),         // NUL
           std::string("ア,イ"),             // not in every bank's table
           std::string("\xE3\x82"),          // cut short
           std::string("\xE0\x80\xAF"),      // overlong
           std::string("\x80"),              // stray continuation
           std::string("\xF0\x9F\x98\x80"),  // four bytes
           std::string("\xB1"),              // JIS X 0201 already
       }) {
    EXPECT_FALSE(ToZenginKana(text).ok());
    EXPECT_FALSE(ToZenginBytes(text).ok());
  }
}

}  // namespace
}  // namespace psm
