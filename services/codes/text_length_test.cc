#include "services/codes/text_length.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(CharactersInTest, CountsWhatIsWrittenAndNotItsBytes) {
  EXPECT_EQ(CharactersIn(""), 0U);
  EXPECT_EQ(CharactersIn("tax 2026"), 8U);
  EXPECT_EQ(CharactersIn("架空太郎"), 4U);
  EXPECT_EQ(CharactersIn("カクウ　ﾀﾛｳ"), 7U);
  EXPECT_EQ(CharactersIn("𠮷"), 1U);  // four bytes
  EXPECT_EQ(CharactersIn("がガ"), 2U);
  std::string longest;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&longest, "あ");
  EXPECT_EQ(CharactersIn(longest), 1000U);
}

}  // namespace
}  // namespace psm
