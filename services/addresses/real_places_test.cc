// The list of real places as the build made it.
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "services/addresses/address_reader.h"
#include "services/addresses/gazetteer.h"
#include "tests/support/missing.h"

namespace psm::addresses {
namespace {

class RealPlacesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::ifstream in(PSM_PLACES_FILE, std::ios::binary);
    const std::string list{std::istreambuf_iterator<char>(in), {}};
    if (list.empty()) return;
    auto places = Gazetteer::Create(list);
    ASSERT_TRUE(places.ok()) << places.status();
    places_ = *std::move(places);
  }
  static void TearDownTestSuite() { places_.reset(); }
  void SetUp() override {
    if (places_ == nullptr)
      PSM_MISSING(kRequireNode, "the build could make no list (npm)");
  }

  static std::unique_ptr<Gazetteer> places_;
};
std::unique_ptr<Gazetteer> RealPlacesTest::places_;

TEST_F(RealPlacesTest, HoldAllMunicipalities) {
  std::size_t municipalities = 0, towns = 0;
  for (const auto& prefecture : places_->prefectures()) {
    EXPECT_FALSE(prefecture.municipalities.empty());
    for (const auto& municipality : prefecture.municipalities) {
      ++municipalities;
      towns += municipality.town_count;
    }
  }
  // 1,718 and 23, with wards in place of 20 designated cities; and two of ours.
  EXPECT_GT(municipalities, 1850U);
  EXPECT_LT(municipalities, 1950U);
  EXPECT_GT(towns, 110'000U);
}

// Each municipality of Japan, written whole, with its first town.
TEST_F(RealPlacesTest, EachIsUnderstoodWhenItIsWrittenWhole) {
  std::set<std::string> lost;
  for (const auto& prefecture : places_->prefectures()) {
    for (const auto& municipality : prefecture.municipalities) {
      const auto towns = places_->TownsOf(municipality);
      const std::string town =
          towns.empty() ? "" : std::string(towns.front().name);
      const auto read = ReadAddress(
          *places_, prefecture.place.name() + municipality.place.name() + town);
      ASSERT_TRUE(read.ok());
      if (read->municipality().lg_code() != municipality.place.lg_code() ||
          read->town().name() != town)
        lost.insert(prefecture.place.name() + municipality.place.name() + town);
    }
  }
  EXPECT_EQ(lost, std::set<std::string>());
}

TEST_F(RealPlacesTest, AddressesThatAreOftenWrittenWrongAreUnderstood) {
  const auto read = [](const std::string& written) {
    const auto answer = ReadAddress(*places_, written);
    return answer.ok() ? answer->municipality().lg_code() + " " +
                             answer->town().name() + " " + answer->numbers() +
                             " " + answer->rest()
                       : answer.status().ToString();
  };
  EXPECT_EQ(read("東京都千代田区霞ヶ関1-2-3"), "131016 霞が関 1-2-3 ");
  EXPECT_EQ(read("東京都港区６本木６－１０－１　森の上"),
            "131032 六本木 6-10-1 森の上");
  EXPECT_EQ(read("新宿区西新宿二丁目8番1号"), "131041 西新宿 2-8-1 ");
  EXPECT_EQ(read("札幌市中央区北1条西2丁目"), "011011 北一条西 2 ");
  EXPECT_EQ(read("茨城県竜ケ崎市佐貫1"), read("茨城県龍ヶ崎市佐貫1"));
  EXPECT_EQ(read("三重県四日市市諏訪町1-5"), "242021 諏訪町 1-5 ");
}

}  // namespace
}  // namespace psm::addresses
