#include "services/generator/personas.h"

#include <utility>

#include "psm/gbizid/v1/gbizid.pb.h"
#include "services/generator/corporate_number.h"

namespace psm {
namespace {

using residents::v1::Member;
using tax::v1::GetTaxStatusResponse;

Person MakePerson(const Reading& family, const Reading& given, Sex sex,
                  absl::CivilDay birth_date, Member::Relation relation) {
  Person person;
  person.name = FullName(family, given);
  person.sex = sex;
  person.birth_date = birth_date;
  person.relation = relation;
  return person;
}

void SetIncome(Person& person, std::int64_t income_yen,
               GetTaxStatusResponse::Category category) {
  person.income_yen = income_yen;
  person.category = category;
}

// Moved from Yunagi in March; all three exempt there.
void AddHanako(World& world) {
  const int year = world.fiscal_year;
  const Reading family = {"青空", "アオゾラ"};
  Household home;
  home.municipality = kAkatsuki;
  home.tax_municipality = kYunagi;
  home.address = "架空県あかつき市東雲台2丁目3番4号　コーポ架空201号室";
  home.former_address = "架空県ゆうなぎ市凪浜1丁目5番6号";
  home.move_in_date = absl::CivilDay(year, 3, 20);

  Person hanako = MakePerson(family, {"花子", "ハナコ"}, Sex::kFemale,
                             absl::CivilDay(year - 38, 7, 7), Member::HEAD);
  SetIncome(hanako, 430'000, GetTaxStatusResponse::EXEMPT);
  hanako.account = Account{"001", "0010001", absl::CivilDay(year - 1, 5, 12)};
  hanako.customer_number = "10000001";
  hanako.customer_told_move = false;
  Person fumie = MakePerson(family, {"文枝", "フミエ"}, Sex::kFemale,
                            absl::CivilDay(year - 69, 11, 3), Member::PARENT);
  SetIncome(fumie, 210'000, GetTaxStatusResponse::EXEMPT);
  Person minato = MakePerson(family, {"湊", "ミナト"}, Sex::kMale,
                             absl::CivilDay(year - 9, 4, 21), Member::CHILD);

  const std::size_t place = world.households.size();
  home.members = {std::move(hanako), std::move(fumie), std::move(minato)};
  world.households.push_back(std::move(home));
  world.stories.push_back(
      {"hanako",
       "head of a household of three that moved from Yunagi to Akatsuki in "
       "March; all three are tax-exempt in Yunagi; has a receiving account; "
       "her bank still has the old address",
       "3月にゆうなぎ市からあかつき市へ転入した3人世帯の世帯主。3人ともゆうなぎ"
       "市で非課税。"
       "公金受取口座あり。銀行には旧住所のまま",
       std::nullopt, place, 0});
  world.stories.push_back({"fumie", "hanako's mother, tax-exempt, no account",
                           "花子の母。非課税。口座登録なし", std::nullopt,
                           place, 1});
  world.stories.push_back({"minato", "hanako's child, in primary school",
                           "花子の子。小学生", std::nullopt, place, 2});
}

void AddTaroAndYoshiko(World& world) {
  const int year = world.fiscal_year;
  const Reading family = {"架空", "カクウ"};
  Household home;
  home.municipality = home.tax_municipality = kAkatsuki;
  home.address = "架空県あかつき市ひので町4丁目11番8号";
  home.move_in_date = absl::CivilDay(year - 15, 4, 2);

  Person taro = MakePerson(family, {"太郎", "タロウ"}, Sex::kMale,
                           absl::CivilDay(year - 45, 1, 15), Member::HEAD);
  SetIncome(taro, 3'120'000, GetTaxStatusResponse::TAXED);
  Person yoshiko = MakePerson(family, {"良子", "ヨシコ"}, Sex::kFemale,
                              absl::CivilDay(year - 44, 9, 30), Member::SPOUSE);
  SetIncome(yoshiko, 1'480'000, GetTaxStatusResponse::TAXED);
  yoshiko.account = Account{"002", "2345678", absl::CivilDay(year - 2, 10, 3)};

  const std::size_t place = world.households.size();
  home.members = {std::move(taro), std::move(yoshiko)};
  world.households.push_back(std::move(home));
  world.stories.push_back(
      {"taro",
       "has no receiving account; registering yoshiko's (9990-002 ordinary "
       "2345678) is refused, for its holder is not he; his own is 9990-001 "
       "ordinary 1234567, カクウ　タロウ",
       "公金受取口座なし。妻良子の口座(9990-002 普通 "
       "2345678)は名義が違うため登録を拒まれる。"
       "本人の口座は9990-001 普通 1234567 カクウ　タロウ",
       std::nullopt, place, 0});
  world.stories.push_back({"yoshiko", "taro's wife; has a receiving account",
                           "太郎の妻。公金受取口座あり", std::nullopt, place,
                           1});
}

void AddKenji(World& world) {
  const int year = world.fiscal_year;
  Household home;
  home.municipality = home.tax_municipality = kYunagi;
  home.address = "架空県ゆうなぎ市黄昏町3丁目2番1号　見本荘103号室";
  home.move_in_date = absl::CivilDay(year - 8, 6, 18);
  Person kenji = MakePerson({"仮野", "カリノ"}, {"健二", "ケンジ"}, Sex::kMale,
                            absl::CivilDay(year - 52, 2, 24), Member::HEAD);
  SetIncome(kenji, 2'260'000, GetTaxStatusResponse::TAXED);
  kenji.arrears_yen = 184'000;
  kenji.account = Account{"003", "3456789", absl::CivilDay(year - 2, 2, 16)};
  const std::size_t place = world.households.size();
  home.members = {std::move(kenji)};
  world.households.push_back(std::move(home));
  world.stories.push_back(
      {"kenji",
       "owes Yunagi residence tax and has a receiving account, which Yunagi's "
       "tax office would like to know: the law forbids it",
       "ゆうなぎ市の住民税を滞納。公金受取口座あり。税務が口座を知りたがるが法"
       "律で認められない",
       std::nullopt, place, 0});
}

void AddMisaki(World& world) {
  const int year = world.fiscal_year;
  const Reading family = {"夢浜", "ユメハマ"};
  Household home;
  home.municipality = home.tax_municipality = kAkatsuki;
  home.address = "架空県あかつき市明野1丁目9番12号";
  home.move_in_date = absl::CivilDay(year - 6, 3, 28);
  Person misaki = MakePerson(family, {"美咲", "ミサキ"}, Sex::kFemale,
                             absl::CivilDay(year - 41, 5, 9), Member::HEAD);
  SetIncome(misaki, 4'050'000, GetTaxStatusResponse::TAXED);
  misaki.account = Account{"001", "4567890", absl::CivilDay(year - 2, 3, 1)};
  Person yuto = MakePerson(family, {"悠斗", "ユウト"}, Sex::kMale,
                           absl::CivilDay(year - 43, 12, 1), Member::SPOUSE);
  SetIncome(yuto, 2'900'000, GetTaxStatusResponse::TAXED);
  Person mei = MakePerson(family, {"芽衣", "メイ"}, Sex::kFemale,
                          absl::CivilDay(year - 7, 8, 19), Member::CHILD);
  const std::size_t place = world.households.size();
  home.members = {std::move(misaki), std::move(yuto), std::move(mei)};
  world.households.push_back(std::move(home));
  world.stories.push_back(
      {"misaki", "head of an ordinary taxed household with a receiving account",
       "課税世帯の世帯主。公金受取口座あり", std::nullopt, place, 0});
}

void AddKakuu(World& world) {
  seed::v1::Business company;
  company.set_corporate_number(UnassignedCorporateNumber(1));
  company.set_name("株式会社かくう製作所");
  company.set_kana("カクウセイサクショ");
  company.set_address("架空県あかつき市暁中央1丁目1番1号");
  company.set_representative("見本　一郎");
  company.set_establishment_date(
      absl::FormatCivilTime(absl::CivilDay(world.fiscal_year - 22, 10, 1)));
  company.set_employees(24);
  company.set_capital_yen(10'000'000);
  company.set_account_type(gbizid::v1::GetBusinessResponse::PRIME);
  Story story;
  story.id = "kakuu";
  story.traits_en =
      "a small manufacturer with a Prime account that applies for a subsidy";
  story.traits_ja = "プライムのアカウントを持ち補助金を申請する小さな製造会社";
  story.business = world.businesses.size();
  world.stories.push_back(std::move(story));
  world.businesses.push_back(std::move(company));
}

}  // namespace

void AddPersonas(World& world) {
  AddHanako(world);
  AddTaroAndYoshiko(world);
  AddKenji(world);
  AddMisaki(world);
  AddKakuu(world);
}

}  // namespace psm
