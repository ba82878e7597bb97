// The personas are tables: what is one of a kind about each, and no code of its
// own. Years are counted back from the fiscal year, so that ages and stories
// stay true as time goes by.
#include "services/generator/personas.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "psm/gbizid/v1/gbizid.pb.h"
#include "services/generator/corporate_number.h"
#include "services/generator/corporation.h"

namespace psm {
namespace {

using residents::v1::Member;
using tax::v1::GetTaxStatusResponse;

struct Day {
  int years_ago;  // before the fiscal year's first calendar year
  int month;
  int day;

  absl::CivilDay In(int fiscal_year) const {
    return absl::CivilDay(fiscal_year - years_ago, month, day);
  }
};

struct AccountRow {
  const char* branch_code;
  const char* number;
  Day registered;
};

// Without an id: no persona, only a member of a persona's household.
struct MemberRow {
  const char* id = "";
  const char* traits_en = "";
  const char* traits_ja = "";
  Reading given_name;
  Sex sex;
  Day birth;
  Member::Relation relation;
  GetTaxStatusResponse::Category category = GetTaxStatusResponse::EXEMPT;
  std::int64_t income_yen = 0;
  std::int64_t arrears_yen = 0;
  const char* record_tied_to = "";  // see Person
  bool assessed = true;
  std::optional<AccountRow> account = std::nullopt;
  const char* customer_number = "";
  bool customer_told_move = true;
};

struct HouseholdRow {
  Reading family_name;
  const char* municipality;
  const char* tax_municipality;
  const char* address;
  const char* former_address = "";  // empty: not moved
  Day move_in;
  std::vector<MemberRow> members;  // the head first
};

std::vector<HouseholdRow> Households() {
  return {
      // Moved from Yunagi in March; all three exempt there.
      {.family_name = {"青空", "アオゾラ"},
       .municipality = kAkatsuki,
       .tax_municipality = kYunagi,
       .address = "架空県あかつき市東雲台2丁目3番4号　コーポ架空201号室",
       .former_address = "架空県ゆうなぎ市凪浜1丁目5番6号",
       .move_in = {0, 3, 20},
       .members =
           {{.id = "hanako",
             .traits_en =
                 "head of a household of three that moved from Yunagi to "
                 "Akatsuki in March; all three are tax-exempt in Yunagi; has a "
                 "receiving account; her bank still has the old address",
             .traits_ja =
                 "3月にゆうなぎ市からあかつき市へ転入した3人世帯の世帯主。3人と"
                 "もゆうなぎ市で非課税。公金受取口座あり。銀行には旧住所のまま",
             .given_name = {"花子", "ハナコ"},
             .sex = Sex::kFemale,
             .birth = {38, 7, 7},
             .relation = Member::HEAD,
             .income_yen = 430'000,
             .account = AccountRow{"001", "0010001", {1, 5, 12}},
             .customer_number = "10000001",
             .customer_told_move = false},
            {.id = "fumie",
             .traits_en = "hanako's mother, tax-exempt, no account",
             .traits_ja = "花子の母。非課税。口座登録なし",
             .given_name = {"文枝", "フミエ"},
             .sex = Sex::kFemale,
             .birth = {69, 11, 3},
             .relation = Member::PARENT,
             .income_yen = 210'000},
            {.id = "minato",
             .traits_en = "hanako's child, in primary school",
             .traits_ja = "花子の子。小学生",
             .given_name = {"湊", "ミナト"},
             .sex = Sex::kMale,
             .birth = {9, 4, 21},
             .relation = Member::CHILD}}},
      {.family_name = {"架空", "カクウ"},
       .municipality = kAkatsuki,
       .tax_municipality = kAkatsuki,
       .address = "架空県あかつき市ひので町4丁目11番8号",
       .move_in = {15, 4, 2},
       .members =
           {{.id = "taro",
             .traits_en =
                 "has no receiving account; registering yoshiko's (9990-002 "
                 "ordinary 2345678) is refused, for its holder is not he; his "
                 "own is 9990-001 ordinary 1234567, カクウ　タロウ",
             .traits_ja =
                 "公金受取口座なし。妻良子の口座(9990-002 普通 2345678)は名義が"
                 "違うため登録を拒まれる。本人の口座は9990-001 普通 1234567 "
                 "カクウ　タロウ",
             .given_name = {"太郎", "タロウ"},
             .sex = Sex::kMale,
             .birth = {45, 1, 15},
             .relation = Member::HEAD,
             .category = GetTaxStatusResponse::TAXED,
             .income_yen = 3'120'000},
            {.id = "yoshiko",
             .traits_en = "taro's wife; has a receiving account",
             .traits_ja = "太郎の妻。公金受取口座あり",
             .given_name = {"良子", "ヨシコ"},
             .sex = Sex::kFemale,
             .birth = {44, 9, 30},
             .relation = Member::SPOUSE,
             .category = GetTaxStatusResponse::TAXED,
             .income_yen = 1'480'000,
             .account = AccountRow{"002", "2345678", {2, 10, 3}}}}},
      {.family_name = {"仮野", "カリノ"},
       .municipality = kYunagi,
       .tax_municipality = kYunagi,
       .address = "架空県ゆうなぎ市黄昏町3丁目2番1号　見本荘103号室",
       .move_in = {8, 6, 18},
       .members = {{.id = "kenji",
                    .traits_en =
                        "owes Yunagi residence tax and has a receiving "
                        "account, which Yunagi's tax office would like to "
                        "know: the law forbids it",
                    .traits_ja =
                        "ゆうなぎ市の住民税を滞納。公金受取口座あり。税務が口座"
                        "を知りたがるが法律で認められない",
                    .given_name = {"健二", "ケンジ"},
                    .sex = Sex::kMale,
                    .birth = {52, 2, 24},
                    .relation = Member::HEAD,
                    .category = GetTaxStatusResponse::TAXED,
                    .income_yen = 2'260'000,
                    .arrears_yen = 184'000,
                    .account = AccountRow{"003", "3456789", {2, 2, 16}}}}},
      {.family_name = {"夢浜", "ユメハマ"},
       .municipality = kAkatsuki,
       .tax_municipality = kAkatsuki,
       .address = "架空県あかつき市明野1丁目9番12号",
       .move_in = {6, 3, 28},
       .members = {{.id = "misaki",
                    .traits_en = "head of an ordinary taxed household with a "
                                 "receiving account",
                    .traits_ja = "課税世帯の世帯主。公金受取口座あり",
                    .given_name = {"美咲", "ミサキ"},
                    .sex = Sex::kFemale,
                    .birth = {41, 5, 9},
                    .relation = Member::HEAD,
                    .category = GetTaxStatusResponse::TAXED,
                    .income_yen = 4'050'000,
                    .account = AccountRow{"001", "4567890", {2, 3, 1}},
                    .customer_number = "10000002"},
                   {.given_name = {"悠斗", "ユウト"},
                    .sex = Sex::kMale,
                    .birth = {43, 12, 1},
                    .relation = Member::SPOUSE,
                    .category = GetTaxStatusResponse::TAXED,
                    .income_yen = 2'900'000},
                   {.given_name = {"芽衣", "メイ"},
                    .sex = Sex::kFemale,
                    .birth = {7, 8, 19},
                    .relation = Member::CHILD}}},
      // Two of one name: the tax office has filed the elder's record under the
      // younger one's code.
      {.family_name = {"見本", "ミホン"},
       .municipality = kAkatsuki,
       .tax_municipality = kAkatsuki,
       .address = "架空県あかつき市ひので町1丁目2番3号　みほん荘5号室",
       .move_in = {4, 4, 1},
       .members = {{.id = "aoi",
                    .traits_en = "a student without income; the tax record of "
                                 "her namesake is tied to her",
                    .traits_ja =
                        "収入のない学生。同姓同名の人の税の記録が誤って紐付けら"
                        "れている",
                    .given_name = {"葵", "アオイ"},
                    .sex = Sex::kFemale,
                    .birth = {23, 6, 2},
                    .relation = Member::HEAD,
                    .assessed = false,
                    .account = AccountRow{"001", "5678901", {1, 4, 10}}}}},
      {.family_name = {"見本", "ミホン"},
       .municipality = kYunagi,
       .tax_municipality = kAkatsuki,
       .address = "架空県ゆうなぎ市凪浜3丁目7番8号",
       .former_address = "架空県あかつき市東雲台1丁目7番8号",
       .move_in = {0, 3, 10},
       .members = {{.id = "namesake",
                    .traits_en = "aoi's namesake; her own tax record is tied "
                                 "to aoi",
                    .traits_ja = "葵と同姓同名で3月にゆうなぎ市へ転出。本人の税"
                                 "の記録が葵に紐付けられている",
                    .given_name = {"葵", "アオイ"},
                    .sex = Sex::kFemale,
                    .birth = {48, 6, 20},
                    .relation = Member::HEAD,
                    .category = GetTaxStatusResponse::TAXED,
                    .income_yen = 5'240'000,
                    .record_tied_to = "aoi"}}}};
}

Person PersonOf(const MemberRow& row, const Reading& family_name, int year) {
  Person person;
  person.name = FullName(family_name, row.given_name);
  person.sex = row.sex;
  person.birth_date = row.birth.In(year);
  person.relation = row.relation;
  person.category = row.category;
  person.income_yen = row.income_yen;
  person.arrears_yen = row.arrears_yen;
  person.record_tied_to = row.record_tied_to;
  person.assessed = row.assessed;
  if (row.account.has_value()) {
    person.account = Account{row.account->branch_code, row.account->number,
                             row.account->registered.In(year)};
  }
  person.customer_number = row.customer_number;
  person.customer_told_move = row.customer_told_move;
  return person;
}

void AddHousehold(const HouseholdRow& row, World& world) {
  const std::size_t place = world.households.size();
  Household home;
  home.municipality = row.municipality;
  home.tax_municipality = row.tax_municipality;
  home.address = row.address;
  home.former_address = row.former_address;
  home.move_in_date = row.move_in.In(world.fiscal_year);
  for (const MemberRow& member : row.members) {
    const std::string id = member.id;
    if (!id.empty()) {
      world.stories.push_back({id, member.traits_en, member.traits_ja,
                               std::nullopt, place, home.members.size()});
    }
    home.members.push_back(
        PersonOf(member, row.family_name, world.fiscal_year));
  }
  world.households.push_back(std::move(home));
}

void AddKakuu(World& world) {
  seed::v1::Business company;
  company.set_corporate_number(UnassignedCorporateNumber(1));
  company.set_name("株式会社かくう製作所");
  company.set_kana("カクウセイサクショ");
  company.set_address("架空県あかつき市暁中央1丁目1番1号");
  company.set_representative("架空　太郎");  // taro
  company.set_establishment_date(
      absl::FormatCivilTime(absl::CivilDay(world.fiscal_year - 22, 10, 1)));
  company.set_employees(24);
  company.set_capital_yen(10'000'000);
  company.set_account_type(gbizid::v1::GetBusinessResponse::PRIME);
  Story story;
  story.id = "kakuu";
  story.traits_en =
      "a small manufacturer that applies for a subsidy; taro represents it";
  story.traits_ja = "補助金を申請する小さな製造会社。代表者は太郎";
  story.business = world.businesses.size();
  world.stories.push_back(std::move(story));
  world.corporations.push_back(
      CorporationOf(company, "Kakuu Manufacturing Co., Ltd."));
  world.businesses.push_back(std::move(company));
}

}  // namespace

void AddPersonas(World& world) {
  for (const HouseholdRow& household : Households())
    AddHousehold(household, world);
  AddKakuu(world);
}

}  // namespace psm
