#include "mesh/cli/table.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/str_split.h"
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

TEST(TableTest, JapaneseLinesBeginAndEndAsTheyMay) {
  EXPECT_THAT(Wrap("あいう。え", 6), ElementsAre("あい", "う。え"));
  EXPECT_THAT(Wrap("あい（うえ）", 6), ElementsAre("あい", "（う", "え）"));
  EXPECT_THAT(Wrap("同意(法", 6), ElementsAre("同意", "(法"));
  EXPECT_THAT(Wrap("[同意]  address", 8), ElementsAre("[同意]", "address"));
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
  EXPECT_EQ(table.Text(80), "name  what\n花子  head\nx\n");
}

// A row of `psm records` as it is.
Table Records() {
  Table table({"time", "consumer", "provider", "affair", "what happened"});
  table.Add({"11-22 03:10:00.125", "akatsuki/benefits", "akatsuki/residents",
             "benefit-tax-exempt",
             "released member, relation; withheld address 住所は渡さない"});
  table.Add({"11-22 03:10:01.000", "yunagi/tax", "-", "collect-arrears",
             "REFUSED NO_AGREEMENT"});
  return table;
}

TEST(TableTest, NoLineIsWiderThanTheTerminal) {
  for (std::size_t width = 20; width < 200; ++width) {
    const std::string text = Records().Text(width);
    for (absl::string_view line : absl::StrSplit(text, '\n'))
      EXPECT_LE(DisplayWidth(line), width) << line;
  }
}

TEST(TableTest, ANarrowTerminalGetsEachRowInLinesOfItsOwn) {
  EXPECT_EQ(Records().Text(60),
            "time  consumer  provider  affair\n"
            "  what happened\n"
            "11-22 03:10:00.125  akatsuki/benefits  akatsuki/residents\n"
            "  benefit-tax-exempt\n"
            "  released member, relation; withheld address 住所は渡さない\n"
            "11-22 03:10:01.000  yunagi/tax  -  collect-arrears\n"
            "  REFUSED NO_AGREEMENT\n");
}

TEST(TableTest, ANumberAwayFromItsColumnSaysWhatItCounts) {
  Table table({"system", "answers", "proved", "wrong"});
  table.Add({"hoshizora-bank/customers", "12", "11", "1"});
  EXPECT_EQ(table.Text(40),
            "system  answers  proved\n"
            "  wrong\n"
            "hoshizora-bank/customers  answers 12\n"
            "  proved 11\n"
            "  wrong 1\n");
  EXPECT_EQ(table.Text(60),
            "system                    answers  proved  wrong\n"
            "hoshizora-bank/customers  12       11      1\n");
}

class TerminalWidthTest : public ::testing::Test {
 protected:
  ~TerminalWidthTest() override {
    if (before_.has_value()) {
      setenv("COLUMNS", before_->c_str(), 1);
    } else {
      unsetenv("COLUMNS");
    }
  }
  static std::optional<std::string> Columns() {
    const char* value = std::getenv("COLUMNS");
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  const std::optional<std::string> before_ = Columns();
};

TEST_F(TerminalWidthTest, ColumnsOfTheEnvironmentCountWhereTheyMakeSense) {
  for (const char* wide : {"20", "61", "10000"}) {
    setenv("COLUMNS", wide, 1);
    EXPECT_EQ(std::to_string(TerminalWidth(7)), wide);
  }
  unsetenv("COLUMNS");
  const std::size_t usual = TerminalWidth(7);
  for (const char* senseless :
       {"", "0", "19", "10001", "-80", "wide", "80x", "99999999999999999999"}) {
    setenv("COLUMNS", senseless, 1);
    EXPECT_EQ(TerminalWidth(7), usual) << senseless;
  }
}

TEST_F(TerminalWidthTest, ATableIsAsWideAsColumnsSay) {
  for (const std::size_t width : {40u, 60u, 80u}) {
    setenv("COLUMNS", std::to_string(width).c_str(), 1);
    EXPECT_EQ(Records().Text(), Records().Text(width));
  }
}

}  // namespace
}  // namespace psm
