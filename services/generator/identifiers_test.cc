// Nothing that is generated can be somebody's or something's in reality.

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/codes/corporate_number.h"
#include "services/generator/corporate_number.h"
#include "services/generator/world.h"

namespace psm {
namespace {

World DefaultWorld() {
  WorldOptions options;
  options.today = absl::CivilDay(2026, 11, 22);
  return BuildWorld(options).value();
}

TEST(IdentifiersTest, EveryCorporateNumberIsValidAndUnassigned) {
  const World world = DefaultWorld();
  for (const seed::v1::Business& business : world.businesses) {
    const std::string& number = business.corporate_number();
    ASSERT_EQ(number.size(), 13U);
    EXPECT_TRUE(IsCorporateNumber(number));
    EXPECT_EQ(number.substr(1, 4), kUnassignedCorporatePrefix);
  }
  // Registry offices end at 5000, other bodies begin with 7, the state with 00.
  int prefix = 0;
  ASSERT_TRUE(absl::SimpleAtoi(kUnassignedCorporatePrefix, &prefix));
  EXPECT_GE(prefix, 8000);
}

TEST(IdentifiersTest, TheBankCodeIsAboveEveryAssignedOne) {
  const std::string code = kBankCode;
  ASSERT_EQ(code.size(), 4U);
  EXPECT_GT(code, "9900");  // Japan Post Bank, the highest
  std::ifstream list(PSM_ZENGIN_CODE_FILE);
  if (!list) GTEST_SKIP() << "no npm package zengin-code to look into";
  const std::string banks{std::istreambuf_iterator<char>(list), {}};
  // The list is what it is taken for: it has the highest assigned code.
  ASSERT_TRUE(absl::StrContains(banks, "\n  \"9900\": {"));
  EXPECT_FALSE(absl::StrContains(banks, absl::StrCat("\n  \"", code, "\": {")));
}

TEST(IdentifiersTest, EveryAddressIsInThePrefectureThatDoesNotExist) {
  const World world = DefaultWorld();
  for (const Household& home : world.households) {
    EXPECT_TRUE(absl::StartsWith(home.address, home.municipality == kAkatsuki
                                                   ? "架空県あかつき市"
                                                   : "架空県ゆうなぎ市"));
    if (home.moved()) {
      EXPECT_TRUE(absl::StartsWith(home.former_address, "架空県"));
    }
  }
  for (const seed::v1::Business& business : world.businesses) {
    EXPECT_TRUE(absl::StartsWith(business.address(), "架空県"));
  }
}

TEST(IdentifiersTest, ACardSerialIsMarkedAsADemo) {
  const std::regex serial("DEMO-[0-9A-F]{16}");
  const World world = DefaultWorld();
  for (const Household& home : world.households) {
    for (const Person& person : home.members) {
      EXPECT_TRUE(std::regex_match(person.card_serial, serial));
    }
  }
}

}  // namespace
}  // namespace psm
