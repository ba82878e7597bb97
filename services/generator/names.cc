#include "services/generator/names.h"

#include "absl/strings/str_cat.h"

namespace psm {
namespace {

struct Part {
  const char* text;
  const char* kana;
};

// Any first part with any second part: 120 family names.
constexpr Part kFamilyFirst[] = {
    {"仮", "カリ"},   {"例", "レイ"},     {"夢", "ユメ"}, {"幻", "マボロシ"},
    {"霞", "カスミ"}, {"虹", "ニジ"},     {"空", "ソラ"}, {"星", "ホシ"},
    {"試", "タメシ"}, {"絵空", "エソラ"}, {"影", "カゲ"}, {"雲", "クモ"},
};
constexpr Part kFamilySecond[] = {
    {"野", "ノ"},     {"浜", "ハマ"}, {"森", "モリ"}, {"丘", "オカ"},
    {"瀬", "セ"},     {"峰", "ミネ"}, {"里", "サト"}, {"原", "ハラ"},
    {"渡", "ワタリ"}, {"見", "ミ"},
};
constexpr Part kMaleFirst[] = {
    {"晴", "ハル"}, {"陽", "ヨウ"}, {"空", "ソラ"}, {"悠", "ユウ"},
    {"凪", "ナギ"}, {"蒼", "ソウ"}, {"健", "ケン"}, {"洋", "ヨウ"},
    {"真", "シン"}, {"航", "コウ"},
};
constexpr Part kMaleSecond[] = {
    {"太", "タ"},   {"斗", "ト"}, {"彦", "ヒコ"}, {"介", "スケ"},
    {"平", "ヘイ"}, {"志", "シ"}, {"一", "イチ"}, {"樹", "キ"},
};
constexpr Part kFemaleFirst[] = {
    {"美", "ミ"}, {"千", "チ"},   {"真", "マ"},   {"彩", "アヤ"},
    {"由", "ユ"}, {"結", "ユイ"}, {"陽", "ハル"}, {"小夜", "サヨ"},
    {"菜", "ナ"}, {"史", "フミ"},
};
constexpr Part kFemaleSecond[] = {
    {"子", "コ"}, {"香", "カ"}, {"花", "カ"}, {"奈", "ナ"},
    {"乃", "ノ"}, {"帆", "ホ"}, {"里", "リ"}, {"江", "エ"},
};

constexpr const char* kAkatsukiTowns[] = {
    "朝日見町", "東雲台", "ひので町", "曙橋",       "明野",
    "有明町",   "旭ヶ浦", "黎明",     "あさもや町", "暁中央"};
constexpr const char* kYunagiTowns[] = {"夕凪台", "黄昏町",  "入相", "宵待町",
                                        "凪浜",   "茜町",    "潮騒", "暮坂",
                                        "夕映町", "夕凪中央"};
constexpr const char* kBuildings[] = {"コーポ架空", "メゾン例示", "見本荘",
                                      "ハイツ仮想"};

struct CompanyPart {
  const char* text;
  const char* kana;
  const char* en;
};

constexpr CompanyPart kCompanyFirst[] = {
    {"れいじ", "レイジ", "Reiji"},
    {"みほん", "ミホン", "Mihon"},
    {"ためし", "タメシ", "Tameshi"},
    {"かりそめ", "カリソメ", "Karisome"},
    {"ゆめみ", "ユメミ", "Yumemi"},
    {"まぼろし", "マボロシ", "Maboroshi"},
    {"そらみ", "ソラミ", "Sorami"},
    {"えそら", "エソラ", "Esora"},
    {"にじいろ", "ニジイロ", "Nijiiro"},
    {"ほしぞら", "ホシゾラ", "Hoshizora"},
    {"しんきろう", "シンキロウ", "Shinkiro"},
};
constexpr CompanyPart kCompanySecond[] = {
    {"工業", "コウギョウ", "Industry"},   {"商店", "ショウテン", "Stores"},
    {"建設", "ケンセツ", "Construction"}, {"食品", "ショクヒン", "Foods"},
    {"物産", "ブッサン", "Products"},     {"印刷", "インサツ", "Printing"},
    {"運輸", "ウンユ", "Transport"},      {"電機", "デンキ", "Electric"},
    {"製菓", "セイカ", "Confectionery"},  {"木工", "モッコウ", "Woodworks"},
};

template <typename First, typename Second>
Reading Combine(SeededRandom& random, const First& first,
                const Second& second) {
  const Part& a = random.Pick(first);
  const Part& b = random.Pick(second);
  return {absl::StrCat(a.text, b.text), absl::StrCat(a.kana, b.kana)};
}

}  // namespace

Reading RandomFamilyName(SeededRandom& random) {
  return Combine(random, kFamilyFirst, kFamilySecond);
}

Reading RandomGivenName(SeededRandom& random, Sex sex) {
  return sex == Sex::kMale ? Combine(random, kMaleFirst, kMaleSecond)
                           : Combine(random, kFemaleFirst, kFemaleSecond);
}

Reading FullName(const Reading& family, const Reading& given) {
  return {absl::StrCat(family.text, "　", given.text),
          absl::StrCat(family.kana, "　", given.kana)};
}

std::string RandomAddress(SeededRandom& random,
                          absl::string_view municipality) {
  const bool akatsuki = municipality == kAkatsuki;
  const char* const town =
      akatsuki ? random.Pick(kAkatsukiTowns) : random.Pick(kYunagiTowns);
  std::string address =
      absl::StrCat("架空県", akatsuki ? "あかつき市" : "ゆうなぎ市", town,
                   random.Between(1, 5), "丁目", random.Between(1, 30), "番",
                   random.Between(1, 20), "号");
  if (random.Chance(350)) {
    absl::StrAppend(&address, "　", random.Pick(kBuildings),
                    random.Between(1, 9), "0", random.Between(1, 8), "号室");
  }
  return address;
}

CompanyName RandomCompanyName(SeededRandom& random) {
  const CompanyPart& first = random.Pick(kCompanyFirst);
  const CompanyPart& second = random.Pick(kCompanySecond);
  const bool stock = random.Chance(800);
  return {
      absl::StrCat(stock ? "株式会社" : "合同会社", first.text, second.text),
      absl::StrCat(first.kana, second.kana),
      absl::StrCat(first.en, " ", second.en, stock ? " Co., Ltd." : " LLC")};
}

}  // namespace psm
