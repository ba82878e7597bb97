#include "services/addresses/address_reader.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::addresses {
namespace {

using v1::NormalizeAddressResponse;

// A few real places, enough for the trouble that their names make.
constexpr char kPlaces[] =
    "#\tfor a test\n"
    "M\t012335\t伊達市\tダテシ\n"
    "T\t0520011\t竹原町\t竹原町\n"
    "M\t072133\t伊達市\tダテシ\n"
    "T\t9600411\t大柳\t大柳\n"
    "M\t103446\t北群馬郡榛東村\tキタグンマグンシントウムラ\n"
    "M\t131016\t千代田区\tチヨダク\n"
    "T\t1000013\t霞が関\t霞ケ関\n"
    "T\t1020082\t一番町\t1番町\n"
    "M\t131032\t港区\tミナトク\n"
    "T\t1080073\t三田\t3田\n"
    "T\t1060032\t六本木\t6本木\n"
    "M\t131041\t新宿区\tシンジュクク\n"
    "T\t1600022\t新宿\t新宿\n"
    "T\t1600023\t西新宿\t西新宿\n"
    "M\t133621\t利島村\tトシマムラ\n"
    "M\t142042\t鎌倉市\tカマクラシ\n"
    "T\t2470061\t台\t台\n";

struct AddressCase {
  const char* written;
  NormalizeAddressResponse::Level level;
  const char* normalized;
  const char* ids;  // lg_code.machiaza_id.blk_id.rsdt_id
  const char* rest;
};

class AddressReaderTest : public testing::TestWithParam<AddressCase> {
 protected:
  static NormalizeAddressResponse Read(const std::string& written) {
    static const auto places = *Gazetteer::Create(kPlaces);
    const auto read = ReadAddress(*places, written);
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? *read : NormalizeAddressResponse();
  }
};

TEST_P(AddressReaderTest, NamesWhatItKnowsAndGivesBackTheRest) {
  const NormalizeAddressResponse read = Read(GetParam().written);
  EXPECT_EQ(read.level(), GetParam().level);
  EXPECT_EQ(read.normalized(), GetParam().normalized);
  EXPECT_EQ(read.municipality().lg_code() + "." + read.town().machiaza_id() +
                "." + read.blk_id() + "." + read.rsdt_id(),
            GetParam().ids);
  EXPECT_EQ(read.rest(), GetParam().rest);
}

using R = NormalizeAddressResponse;
constexpr char kHome[] = "架空県あかつき市東雲台2丁目3番4号";
constexpr char kHomeIds[] = "990019.0002002.003.004";

INSTANTIATE_TEST_SUITE_P(
    Fictitious, AddressReaderTest,
    testing::Values(
        AddressCase{kHome, R::RESIDENCE, kHome, kHomeIds, ""},
        AddressCase{"架空県あかつき市東雲台2丁目3番4号　コーポ架空201号室",
                    R::RESIDENCE, kHome, kHomeIds, "コーポ架空201号室"},
        AddressCase{"架空県 あかつき市 東雲台 二丁目三番四号", R::RESIDENCE,
                    kHome, kHomeIds, ""},
        AddressCase{"あかつき市東雲台２－３－４", R::RESIDENCE, kHome, kHomeIds,
                    ""},
        AddressCase{"アカツキ市東雲台2ー3ー4-201", R::RESIDENCE, kHome,
                    kHomeIds, "201"},
        AddressCase{"架空縣あかつき市大字東雲台2の3の4 ", R::RESIDENCE, kHome,
                    kHomeIds, ""},
        AddressCase{"〒990-0001　架空県あかつき市東雲台2−3‐4", R::RESIDENCE,
                    kHome, kHomeIds, ""},
        AddressCase{"9900001 あかつき市東雲台2丁目3-4", R::RESIDENCE, kHome,
                    kHomeIds, ""},
        AddressCase{"架空県あかつき市東雲台2-3", R::BLOCK,
                    "架空県あかつき市東雲台2丁目3番", "990019.0002002.003.",
                    ""},
        AddressCase{"架空県あかつき市東雲台2丁目", R::CHOME,
                    "架空県あかつき市東雲台2丁目", "990019.0002002..", ""},
        AddressCase{"架空県あかつき市東雲台", R::TOWN, "架空県あかつき市東雲台",
                    "990019.0002000..", ""},
        AddressCase{"架空県ゆうなぎ市旭ヶ浦1-1-1", R::MUNICIPALITY,
                    "架空県ゆうなぎ市", "990027...", "旭ヶ浦1-1-1"},
        AddressCase{"架空県あかつき市旭が浦1-1-1", R::RESIDENCE,
                    "架空県あかつき市旭ヶ浦1丁目1番1号",
                    "990019.0007001.001.001", ""},
        // What does not exist is not understood, from there on.
        AddressCase{"架空県あかつき市東雲台6丁目1番1号", R::TOWN,
                    "架空県あかつき市東雲台", "990019.0002000..",
                    "6丁目1番1号"},
        AddressCase{"架空県あかつき市東雲台2丁目31番1号", R::CHOME,
                    "架空県あかつき市東雲台2丁目", "990019.0002002..",
                    "31番1号"},
        AddressCase{"架空県あかつき市東雲台2丁目3番21号", R::BLOCK,
                    "架空県あかつき市東雲台2丁目3番", "990019.0002002.003.",
                    "21号"},
        AddressCase{"架空県あかつき市東雲台0-3-4", R::TOWN,
                    "架空県あかつき市東雲台", "990019.0002000..", "0-3-4"},
        AddressCase{"架空県あかつき市東雲台3番4号", R::TOWN,
                    "架空県あかつき市東雲台", "990019.0002000..", "3番4号"},
        AddressCase{"架空県どこか市", R::PREFECTURE, "架空県", "...",
                    "どこか市"},
        AddressCase{"どこか", R::NOTHING, "", "...", "どこか"},
        AddressCase{"2-3-4", R::NOTHING, "", "...", "2-3-4"}));

INSTANTIATE_TEST_SUITE_P(
    Real, AddressReaderTest,
    testing::Values(
        AddressCase{"東京都新宿区西新宿2丁目8番1号", R::TOWN,
                    "東京都新宿区西新宿2-8-1", "131041...", ""},
        AddressCase{"東京都新宿区西新宿二－八－一　架空庁舎5階", R::TOWN,
                    "東京都新宿区西新宿2-8-1", "131041...", "架空庁舎5階"},
        AddressCase{"千代田区霞ヶ関1-2-3", R::TOWN, "東京都千代田区霞が関1-2-3",
                    "131016...", ""},
        AddressCase{"東京都千代田区1番町5", R::TOWN, "東京都千代田区一番町5",
                    "131016...", ""},
        AddressCase{"東京都港区三田三丁目1-1", R::TOWN, "東京都港区三田3-1-1",
                    "131032...", ""},
        AddressCase{"東京都港区6本木1", R::TOWN, "東京都港区六本木1",
                    "131032...", ""},
        AddressCase{"榛東村新井", R::MUNICIPALITY, "群馬県北群馬郡榛東村",
                    "103446...", "新井"},
        AddressCase{"東京都利島村300番地", R::MUNICIPALITY, "東京都利島村",
                    "133621...", "300番地"},
        AddressCase{"福島県伊達市大柳1", R::TOWN, "福島県伊達市大柳1",
                    "072133...", ""},
        // Two cities have the name: the town tells them apart, or nothing does.
        AddressCase{"伊達市竹原町1", R::TOWN, "北海道伊達市竹原町1",
                    "012335...", ""},
        AddressCase{"伊達市どこか", R::NOTHING, "", "...", "伊達市どこか"}));

TEST_F(AddressReaderTest, SaysWhichCitiesANameCouldMean) {
  const NormalizeAddressResponse read = Read("伊達市");
  ASSERT_EQ(read.candidates_size(), 2);
  EXPECT_EQ(read.candidates(0).lg_code(), "012335");
  EXPECT_EQ(read.candidates(1).lg_code(), "072133");
}

TEST_F(AddressReaderTest, SaysWhereTheDataEnd) {
  EXPECT_EQ(Read("あかつき市").coverage(), v1::RESIDENCES);
  const NormalizeAddressResponse real = Read("東京都新宿区西新宿2-8-1");
  EXPECT_EQ(real.coverage(), v1::TOWNS);
  EXPECT_EQ(real.numbers(), "2-8-1");
  EXPECT_EQ(real.town().machiaza_id(), "");
  EXPECT_EQ(real.town().postal_codes(0), "1600023");
  EXPECT_EQ(real.blk_id(), "");
}

TEST_F(AddressReaderTest, RefusesWhatIsNoAddressAndRepeatsNothingOfIt) {
  const auto places = *Gazetteer::Create("");
  for (const std::string& bad :
       {std::string(), std::string(" 　"), std::string(601, 'x'),
        std::string("秘密の町\n1"), std::string("\xE3\x81"),
        std::string("秘密\0", 7)}) {
    const auto read = ReadAddress(*places, bad);
    EXPECT_EQ(ReasonOf(read.status()), "ADDRESS_MALFORMED");
    EXPECT_EQ(read.status().ToString().find("秘密"), std::string::npos);
  }
}

// Threat 36 and its like: no character means anything but itself.
TEST_F(AddressReaderTest, StrangeTextsComeBackAsTheRest) {
  for (const std::string text :
       {"'; DROP TABLE places; --", "<script>alert(1)</script>", "%s%n", "${x}",
        "../../etc/passwd", "一二三四五六七八九十十十"}) {
    EXPECT_EQ(Read("あかつき市明野1-1-1 " + text).rest(), text);
    EXPECT_EQ(Read(text).rest(), text);
  }
}

// Every place where a text may be cut, and every byte that may be broken.
TEST_F(AddressReaderTest, TakesEveryPieceOfAnAddress) {
  const auto places = *Gazetteer::Create("");
  const std::string whole =
      "〒990-0001　架空県あかつき市東雲台２ー３ー４　ｺｰﾎﾟ㈱ｶﾞ201号室";
  for (std::size_t from = 0; from < whole.size(); ++from) {
    for (std::size_t size = 1; from + size <= whole.size(); size += 3) {
      const auto read = ReadAddress(*places, whole.substr(from, size));
      if (!read.ok()) continue;
      EXPECT_LE(read->rest().size(), size);
    }
  }
}

}  // namespace
}  // namespace psm::addresses
