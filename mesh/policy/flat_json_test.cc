#include "mesh/policy/flat_json.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(FlatJsonTest, ReadsStringsIntegersAndArraysOfStrings) {
  auto object = ParseFlatObject(
      R"({"s":"\u5e02","i":-7,"m":9223372036854775807,"a":["x","y"],"e":[]} )");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(std::get<std::string>(object->at("s")), "市");
  EXPECT_EQ(std::get<std::int64_t>(object->at("i")), -7);
  EXPECT_EQ(std::get<std::int64_t>(object->at("m")), INT64_MAX);
  EXPECT_EQ(std::get<std::vector<std::string>>(object->at("a")),
            (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(std::get<std::vector<std::string>>(object->at("e")).empty());
  EXPECT_TRUE(ParseFlatObject("{}")->empty());
}

TEST(FlatJsonTest, AnythingElseIsRefused) {
  for (const std::string& text : std::vector<std::string>{
           "", " {}", "\xef\xbb\xbf{}", "[]", "\"a\"", "1", "null", "{", "{}x",
           "{}{}", "{\"a\":1,}", "{'a':1}", "{a:1}", "{\"a\":1 /* c */}",
           // Another type.
           "{\"a\":null}", "{\"a\":true}", "{\"a\":1.0}", "{\"a\":1e3}",
           "{\"a\":9223372036854775808}", "{\"a\":99999999999999999999}",
           "{\"a\":NaN}",
           // Nesting.
           "{\"a\":{}}", "{\"a\":[[]]}", "{\"a\":[{}]}", "{\"a\":[1]}",
           "{\"a\":[null]}",
           // A member that occurs twice, also when written with an escape.
           "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}",
           "{\"a\":[\"x\"],\"a\":[\"y\"]}", "{\"a\":[\"x\"],\"a\":\"y\"}",
           // Not UTF-8, half a surrogate pair.
           "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}",
           "{\"a\":\"\\ud800\"}", std::string("{\"a\":1}\0", 8),
           std::string("{\"a\":\"\0\"}", 9)})
    EXPECT_FALSE(ParseFlatObject(text).has_value()) << text;
}

TEST(FlatJsonTest, DeepNestingEndsAtOnce) {
  EXPECT_FALSE(
      ParseFlatObject("{\"a\":" + std::string(1 << 20, '[')).has_value());
  EXPECT_FALSE(ParseFlatObject(std::string(1 << 20, '{')).has_value());
}

}  // namespace
}  // namespace psm
