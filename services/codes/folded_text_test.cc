#include "services/codes/folded_text.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace psm {
namespace {

std::string Key(const std::string& written) {
  return FoldedKey(written).value_or("(none)");
}

struct Same {
  const char* one;
  const char* other;
};

class FoldedTextTest : public testing::TestWithParam<Same> {};

TEST_P(FoldedTextTest, SpellingsThatMeanTheSameHaveOneKey) {
  EXPECT_EQ(Key(GetParam().one), Key(GetParam().other));
  EXPECT_NE(Key(GetParam().one), "(none)");
  // A key is its own key.
  EXPECT_EQ(Key(Key(GetParam().one)), Key(GetParam().one));
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, FoldedTextTest,
    testing::Values(
        Same{"ＡＢＣ　１２３", "abc123"},
        Same{"ｶﾌﾞｼｷｶﾞｲｼｬ", "カブシキガイシャ"},
        Same{"ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟｳﾞ", "パピプペポヴ"}, Same{"きゃのん", "キヤノン"},
        // Marks apart, as macOS writes file names.
        Same{"か\u3099は\u309Aう\u3099", "ガパヴ"}, Same{"㈱①⑫⑳", "(株)11220"},
        Same{"㍿みほん", "株式会社みほん"}, Same{"２ー３－４", "2-3-4"},
        Same{"2‐3‑4", "2–3—4"}, Same{"2−3─4", "2-3-4"}, Same{"2ｰ3", "2-3"},
        Same{"廣澤", "広沢"}, Same{"渡邉", "渡辺"}, Same{"渡邊", "渡辺"},
        Same{"髙島屋", "高嶋屋"}, Same{"山﨑", "山崎"}, Same{"齋藤", "斉藤"},
        Same{"龍ヶ崎", "竜ケ崎"}, Same{"神\u2003 戸\u3000", "神戸"},
        // U+FA19, a compatibility form; and a variation selector.
        Same{"\uFA19戸", "神戸"}, Same{"葛\U000E0100城", "葛城"},
        Same{"東\u200B京\uFEFF", "東京"}));

TEST(FoldedTextKeyTest, WhatMeansSomethingElseHasAnotherKey) {
  EXPECT_NE(Key("カ"), Key("ガ"));
  EXPECT_NE(Key("ハ"), Key("パ"));
  EXPECT_NE(Key("コーポ"), Key("コポ"));
  EXPECT_NE(Key("大田"), Key("太田"));
  EXPECT_NE(Key("一"), Key("ー"));
  // Only after a digit is the long vowel a hyphen.
  EXPECT_NE(Key("コーポ"), Key("コ-ポ"));
}

TEST(FoldedTextKeyTest, BrokenUtf8AndControlCharactersHaveNone) {
  for (const std::string& broken :
       {std::string("\xFF"), std::string("\xC0\x80"), std::string("\xE3\x81"),
        std::string("\xED\xA0\x80"), std::string("\xF5\x80\x80\x80"),
        std::string("\xF0\x80\x80\x80"), std::string("a\0b", 3),
        std::string("a\nb"), std::string("a\x7F"), std::string("a\u0085"),
        std::string("a\u2028")}) {
    EXPECT_FALSE(FoldedKey(broken).has_value());
  }
  EXPECT_EQ(Key(""), "");
}

TEST(FoldedTextKeyTest, EachCharacterKnowsWhereItStood) {
  const std::string written = "ｶﾞ㈱ x";
  const FoldedText folded = Fold(written).value();
  EXPECT_EQ(folded.characters, U"ガ(株) x");
  EXPECT_EQ(folded.origin, (std::vector<std::size_t>{0, 6, 6, 6, 9, 10, 11}));
}

// Every character of the first two planes by itself: none breaks it.
TEST(FoldedTextKeyTest, TakesEveryCharacter) {
  for (char32_t c = 0x20; c < 0x20000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    AppendUtf8(c, text);
    const auto key = FoldedKey(text);
    if (!key.has_value()) {
      EXPECT_TRUE((c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029);
      continue;
    }
    EXPECT_EQ(FoldedKey(*key), key) << std::hex << static_cast<unsigned>(c);
  }
}

}  // namespace
}  // namespace psm
