#include "reader.h"

#include "gtest/gtest.h"

namespace hoshi {
namespace {

TEST(ReaderTest, LivesInAkatsuki) {
  EXPECT_TRUE(Serves("架空県あかつき市東雲台2丁目3番4号"));
  EXPECT_FALSE(Serves("架空県ゆうなぎ市黄昏町3丁目2番1号"));
  EXPECT_FALSE(Serves("架空県ゆうなぎ市あかつき市場1丁目1番1号"));
  EXPECT_FALSE(Serves(""));
}

TEST(ReaderTest, NumbersNeverRunOut) {
  EXPECT_EQ(ReaderNumber(42), "L-000042");
  EXPECT_EQ(ReaderNumber(1'000'000), "L-1000000");
}

}  // namespace
}  // namespace hoshi
