// Nothing that is generated can be somebody's or something's in reality.

#include <regex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "services/addresses/address_reader.h"
#include "services/addresses/gazetteer.h"
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
  EXPECT_GT(code, "9900");  // Japan Post Bank, the highest: RealBanksTest
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

// What the registry of addresses knows and what is generated are one world.
TEST(IdentifiersTest, EveryAddressIsOneThatTheRegistryKnows) {
  const World world = DefaultWorld();
  const auto places = *addresses::Gazetteer::Create("");
  const auto known = [&](const std::string& address) {
    const auto read = addresses::ReadAddress(*places, address);
    return read.ok() &&
           read->level() == addresses::v1::NormalizeAddressResponse::RESIDENCE;
  };
  for (const Household& home : world.households) {
    EXPECT_TRUE(known(home.address)) << home.address;
    EXPECT_TRUE(!home.moved() || known(home.former_address));
  }
  for (const seed::v1::Corporation& corporation : world.corporations) {
    EXPECT_TRUE(known(corporation.address())) << corporation.address();
    EXPECT_EQ(corporation.machiaza_id().size(), 7U);
    EXPECT_EQ(corporation.rsdt_id().size(), 3U);
    EXPECT_FALSE(corporation.name_en().empty());
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
