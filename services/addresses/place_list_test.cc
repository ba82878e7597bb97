#include "services/addresses/place_list.h"

#include <string>

#include "gtest/gtest.h"

namespace psm::addresses {
namespace {

PackageFiles Small() {
  return {R"({"version":"0.3.5"})",
          R"({"city":{"01101":["札幌市中央区","ｻｯﾎﾟﾛｼﾁｭｳｵｳｸ"],)"
          R"("14382":["足柄下郡箱根町","ｱｼｶﾞﾗｼﾓｸﾞﾝﾊｺﾈﾏﾁ"]}})",
          R"({"zip5":{"06000":[1101],"99999":[1101,"高い建物"]}})",
          R"({"zip7":{"0600000":"","0600001":"北一条西",)"
          R"("0600002":["北一条西","宮ヶ丘"],)"
          R"("2500311":[14382,"湯本",1101,"大通西"],)"
          R"("2500312":[14382,"小菅村の次に１～６６３番地がくる場合"]}})"};
}

TEST(PlaceListTest, PutsTownsUnderTheirMunicipalities) {
  EXPECT_EQ(MakePlaceList(Small()).value(),
            "#\tjp-zipcode-lookup 0.3.5 (MIT), from Japan Post's list of "
            "postal codes\n"
            "M\t011011\t札幌市中央区\tサッポロシチュウオウク\n"
            "T\t0600001,0600002\t北一条西\t北1条西\n"
            "T\t0600002\t宮ヶ丘\t宮ケ丘\n"
            "T\t2500311\t大通西\t大通西\n"
            "M\t143821\t足柄下郡箱根町\tアシガラシモグンハコネマチ\n"
            "T\t2500311\t湯本\t湯本\n");
}

TEST(PlaceListTest, RefusesFilesThatAreNotThePackages) {
  for (int file = 0; file < 4; ++file) {
    for (const std::string broken : {"", "[]", "{", "{}", "null"}) {
      PackageFiles files = Small();
      (file == 0   ? files.package
       : file == 1 ? files.city
       : file == 2 ? files.zip5
                   : files.zip7) = broken;
      EXPECT_FALSE(MakePlaceList(files).ok()) << file << broken;
    }
  }
  PackageFiles files = Small();
  files.city = R"({"city":{"01101":["札幌市中央区","x"]}})";
  EXPECT_FALSE(MakePlaceList(files).ok()) << "towns without a municipality";
}

}  // namespace
}  // namespace psm::addresses
