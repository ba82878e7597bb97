#include "services/addresses/gazetteer.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "services/codes/municipality_code.h"

namespace psm::addresses {
namespace {

TEST(GazetteerTest, WithoutAListKnowsPrefecturesAndTheFictitiousOneWhole) {
  const auto places = *Gazetteer::Create("");
  ASSERT_EQ(places->prefectures().size(), 48U);
  std::string last;
  for (const Gazetteer::Prefecture& prefecture : places->prefectures()) {
    EXPECT_TRUE(IsMunicipalityCode(prefecture.place.lg_code()));
    EXPECT_LT(last, prefecture.place.lg_code());
    last = prefecture.place.lg_code();
    const bool fictitious = last == "990001";
    EXPECT_EQ(prefecture.municipalities.size(), fictitious ? 2U : 0U);
    EXPECT_EQ(prefecture.place.coverage(),
              fictitious ? v1::RESIDENCES : v1::PREFECTURES);
  }
  EXPECT_EQ(places->FindPrefecture("130001")->place.name(), "東京都");
  EXPECT_EQ(places->FindPrefecture("470007")->place.kana(), "オキナワケン");
  EXPECT_EQ(places->source().substr(0, 5), "none:");
  const auto* akatsuki = places->FindMunicipality("990019");
  ASSERT_NE(akatsuki, nullptr);
  EXPECT_EQ(akatsuki->place.name(), "あかつき市");
  std::set<std::string> keys;
  for (const auto& town : places->TownsOf(*akatsuki)) {
    EXPECT_TRUE(keys.insert(std::string(town.key)).second);
    EXPECT_FALSE(town.kana.empty());
    EXPECT_EQ(static_cast<std::size_t>(town.number), keys.size());
  }
  EXPECT_EQ(keys.size(), 10U);
  EXPECT_EQ(places->FindMunicipality("990027")->place.name(), "ゆうなぎ市");
  EXPECT_EQ(places->FindMunicipality("131041"), nullptr);
}

constexpr char kList[] =
    "#\ta list, version 7\n"
    "M\t011011\t札幌市中央区\tサッポロシチュウオウク\n"
    "T\t0600001,0600002\t北一条西\t北1条西\n"
    "M\t103446\t北群馬郡榛東村\tキタグンマグンシントウムラ\n"
    "M\t292036\t大和郡山市\tヤマトコオリヤマシ\n";

TEST(GazetteerTest, TakesRealPlacesOfAList) {
  const auto places = *Gazetteer::Create(kList);
  EXPECT_EQ(places->source(), "a list, version 7");
  const auto* ward = places->FindMunicipality("011011");
  ASSERT_NE(ward, nullptr);
  EXPECT_EQ(ward->place.coverage(), v1::TOWNS);
  ASSERT_EQ(places->TownsOf(*ward).size(), 1U);
  EXPECT_EQ(places->TownsOf(*ward)[0].name, "北一条西");
  EXPECT_EQ(places->TownsOf(*ward)[0].postal_codes, "0600001,0600002");
  EXPECT_EQ(places->TownsOf(*ward)[0].number, 0);
  // The county may be left out; a city that has the character keeps its name.
  EXPECT_EQ(places->FindMunicipality("103446")->keys,
            (std::vector<std::string>{"北群馬郡榛東村", "榛東村"}));
  EXPECT_EQ(places->FindMunicipality("292036")->keys.size(), 1U);
}

TEST(GazetteerTest, RefusesAListThatIsNotOneAndNamesTheLine) {
  for (const std::string bad :
       {"T\t1\ta\ta\n", "M\t011011\tx\n", "M\t011012\tx\ty\n",
        "M\t990019\tx\ty\n", "M\t011011\tx\ty\nT\t1\ta\n", "hello\n",
        "M\t011029\tx\ty\nM\t011011\tx\ty\n"}) {
    const auto places = Gazetteer::Create(bad);
    ASSERT_FALSE(places.ok()) << bad;
    EXPECT_NE(places.status().message().find("line "), std::string::npos);
  }
}

}  // namespace
}  // namespace psm::addresses
