#include "mesh/contracts/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace psm {
namespace {

// UTF-8 of a number by the definition, without asking whether it is allowed.
std::string Encode(unsigned c) {
  auto byte = [](unsigned b) { return static_cast<char>(b); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f))};
  if (c < 0x10000)
    return {byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)),
            byte(0x80 | (c & 0x3f))};
  return {byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)),
          byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f))};
}

TEST(Utf8Test, TakesEveryCharacterAndNoSurrogate) {
  for (unsigned c = 0; c < 0x120000; ++c) {
    const bool allowed = (c < 0xd800 || c > 0xdfff) && c <= 0x10ffff;
    ASSERT_EQ(IsUtf8(Encode(c)), allowed) << std::hex << c;
    // Behind and before ASCII, over the border of the eight-byte step.
    ASSERT_EQ(IsUtf8("1234567" + Encode(c) + "12345678"), allowed)
        << std::hex << c;
  }
}

TEST(Utf8Test, RefusesEveryTruncatedCharacter) {
  for (unsigned c : {0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu}) {
    const std::string whole = Encode(c);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      EXPECT_FALSE(IsUtf8(whole.substr(0, size)));
      EXPECT_FALSE(IsUtf8(whole.substr(0, size) + "a"));
      EXPECT_FALSE(IsUtf8(whole.substr(size)));
    }
  }
}

TEST(Utf8Test, RefusesOverlongForms) {
  for (const char* text :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xff",
        "\xfe"})
    EXPECT_FALSE(IsUtf8(text));
}

TEST(Utf8Test, TakesEmptyAndNul) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8(absl::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace psm
