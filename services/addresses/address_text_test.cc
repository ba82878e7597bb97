#include "services/addresses/address_text.h"

#include <string>

#include "gtest/gtest.h"

namespace psm::addresses {
namespace {

std::string KeyOf(const std::string& written) {
  const auto text = ReadAddressText(written);
  return text.has_value() ? text->key : "(none)";
}

TEST(AddressTextTest, NumbersInKanjiAreDigits) {
  EXPECT_EQ(KeyOf("三丁目"), "3丁目");
  EXPECT_EQ(KeyOf("十丁目"), "10丁目");
  EXPECT_EQ(KeyOf("二十三番地"), "23番地");
  EXPECT_EQ(KeyOf("十四号"), "14号");
  EXPECT_EQ(KeyOf("二〇三"), "203");
  EXPECT_EQ(KeyOf("一二"), "12");
  EXPECT_EQ(KeyOf("六本木"), "6本木");
  EXPECT_EQ(KeyOf("千代田"), "千代田");
  EXPECT_EQ(KeyOf("壱丁目弐番"), "1丁目2番");
}

TEST(AddressTextTest, AOneBetweenDigitsIsAHyphen) {
  EXPECT_EQ(KeyOf("2一3"), "2-3");
  EXPECT_EQ(KeyOf("２ー３―４"), "2-3-4");
  EXPECT_EQ(KeyOf("一2"), "12");
  EXPECT_EQ(KeyOf("コーポ"), KeyOf("ｺｰﾎﾟ"));
}

TEST(AddressTextTest, KeOfAllKindsAreOneAndSoAreNo) {
  EXPECT_EQ(KeyOf("霞ヶ関"), KeyOf("霞が関"));
  EXPECT_EQ(KeyOf("霞ケ関"), KeyOf("霞ガ関"));
  EXPECT_EQ(KeyOf("一之江"), KeyOf("一の江"));
  EXPECT_EQ(KeyOf("一ノ江"), KeyOf("1の江"));
}

TEST(AddressTextTest, KnowsWhereEachByteStoodAndWhereSpacesWere) {
  const AddressText text = *ReadAddressText("二十 三町");
  EXPECT_EQ(text.key, "203町");
  ASSERT_EQ(text.origin.size(), text.key.size() + 1);
  ASSERT_EQ(text.gap.size(), text.origin.size());
  EXPECT_EQ(text.origin[0], 0U);
  EXPECT_EQ(text.origin[1], 0U);
  EXPECT_EQ(text.origin[2], 7U);
  EXPECT_TRUE(text.gap[2]);
  EXPECT_FALSE(text.gap[1]);
  EXPECT_EQ(text.origin.back(), 13U);
}

TEST(AddressTextTest, APlacesKeyIsWithoutAza) {
  EXPECT_EQ(PlaceKey("大字上里"), "上里");
  EXPECT_EQ(PlaceKey("字三ツ石"), PlaceKey("3ツ石"));
  EXPECT_EQ(PlaceKey("大宮"), "大宮");
  EXPECT_EQ(PlaceKey("\xFF"), "");
}

}  // namespace
}  // namespace psm::addresses
