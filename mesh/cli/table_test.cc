#include "mesh/cli/table.h"

#include "gmock/gmock.h"

namespace psm {
namespace {

using ::testing::ElementsAre;

TEST(TableTest, CountsJapaneseCharactersAsTwoColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("青空　花子"), 10u);
  EXPECT_EQ(DisplayWidth("ｱｵｿﾞﾗ"), 5u) << "half-width katakana";
  EXPECT_EQ(DisplayWidth("ア、a"), 5u);
  EXPECT_EQ(Pad("青", 4), "青  ");
  EXPECT_EQ(Pad("long", 2), "long");
}

TEST(TableTest, WrapsAtSpacesAndBetweenWideCharacters) {
  EXPECT_THAT(Wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("あいうえお", 4), ElementsAre("あい", "うえ", "お"));
  EXPECT_THAT(Wrap("", 5), ElementsAre(""));
  EXPECT_THAT(Wrap("unbreakable", 4), ElementsAre("unbr", "eaka", "ble"));
}

TEST(TableTest, NoLineIsWiderThanItMayBe) {
  const std::string text =
      "Statute 公的給付の支給等の迅速かつ確実な実施 art. 9 of the Act";
  for (std::size_t width = 2; width < 80; ++width) {
    for (const std::string& line : Wrap(text, width)) {
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
}

TEST(TableTest, ColumnsLineUpAndLinesHaveNoTrailingSpaces) {
  Table table({"name", "what"});
  table.Add({"花子", "head"});
  table.Add({"x", ""});
  EXPECT_EQ(table.Text(), "name  what\n花子  head\nx\n");
}

}  // namespace
}  // namespace psm
