#include "services/residents/resident_register.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::Member;
using seed::v1::Resident;

constexpr absl::CivilDay kToday(2026, 5, 28);

Resident Person(const std::string& subject, const std::string& household,
                Member::Relation relation, const std::string& birth_date) {
  Resident resident;
  resident.set_subject(subject);
  resident.set_household_id(household);
  resident.set_relation(relation);
  resident.set_name("架空　" + subject);
  resident.set_kana("カクウ　テスト");
  resident.set_birth_date(birth_date);
  resident.set_sex(2);
  resident.set_address("架空県あかつき市 " + household);
  resident.set_move_in_date("2026-03-20");
  resident.set_tax_municipality("yunagi");
  return resident;
}

class ResidentRegisterTest : public testing::Test {
 protected:
  absl::Status Import(const std::vector<Resident>& residents) {
    return register_.ImportOnce(
        absl::FromUnixSeconds(1'780'000'000), news_,  // 2026-05-28
        [&](ResidentRegister::Take take) -> absl::Status {
          for (const Resident& resident : residents) {
            if (absl::Status s = take(resident); !s.ok()) return s;
          }
          return absl::OkStatus();
        });
  }

  FakeNews news_;
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("register.sqlite"),
                             ResidentRegister::Migrations())
          .value();
  ResidentRegister register_{database_.get(), "akatsuki"};
};

TEST_F(ResidentRegisterTest, AHouseholdIsTheSameWhicheverMemberIsNamed) {
  ASSERT_TRUE(Import({Person("child", "h1", Member::CHILD, "2016-01-02"),
                      Person("other", "h2", Member::HEAD, "1970-01-01"),
                      Person("parent", "h1", Member::PARENT, "1950-05-05"),
                      Person("head", "h1", Member::HEAD, "1988-08-07")})
                  .ok());
  for (const char* subject : {"head", "parent", "child"}) {
    const auto household = register_.FindHousehold(subject, kToday);
    ASSERT_TRUE(household.ok()) << household.status();
    ASSERT_EQ(household->members_size(), 3);
    EXPECT_EQ(household->members(0).subject(), "head");    // head first,
    EXPECT_EQ(household->members(1).subject(), "parent");  // then by age
    EXPECT_EQ(household->members(2).subject(), "child");
    EXPECT_EQ(household->address(), "架空県あかつき市 h1");
    EXPECT_EQ(household->move_in_date(), "2026-03-20");
    EXPECT_EQ(household->members(2).relation(), Member::CHILD);
    EXPECT_EQ(household->members(2).birth_date(), "2016-01-02");
    EXPECT_EQ(household->members(2).name(), "架空　child");
    EXPECT_EQ(household->members(2).kana(), "カクウ　テスト");
    EXPECT_EQ(household->members(2).tax_municipality(), "yunagi");
  }
}

TEST_F(ResidentRegisterTest, NobodyElseIsAResident) {
  ASSERT_TRUE(Import({Person("head", "h1", Member::HEAD, "1988-08-07")}).ok());
  for (const char* subject : {"", "somebody", "h1", "' OR '1'='1", "HEAD"}) {
    const auto household = register_.FindHousehold(subject, kToday);
    EXPECT_EQ(household.status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(ReasonOf(household.status()), "NOT_A_RESIDENT");
  }
}

TEST_F(ResidentRegisterTest, IsFilledOnceOnly) {
  ASSERT_TRUE(Import({Person("first", "h1", Member::HEAD, "1988-08-07")}).ok());
  ASSERT_TRUE(
      Import({Person("second", "h2", Member::HEAD, "1988-08-07")}).ok());
  EXPECT_TRUE(register_.FindHousehold("first", kToday).ok());
  EXPECT_FALSE(register_.FindHousehold("second", kToday).ok());
}

TEST_F(ResidentRegisterTest, AnswersForTheDayThatIsAsked) {
  Resident former = Person("former", "h2", Member::HEAD, "1970-01-01");
  former.set_move_in_date("2020-04-01");
  former.set_move_out_date("2026-03-20");
  former.set_tax_municipality("akatsuki");
  ASSERT_TRUE(
      Import({Person("head", "h1", Member::HEAD, "1988-08-07"),
              Person("baby", "h1", Member::CHILD, "2026-04-10"), former})
          .ok());
  const absl::CivilDay moved(2026, 3, 20), born(2026, 4, 10);
  EXPECT_FALSE(register_.FindHousehold("head", moved - 1).ok());
  ASSERT_TRUE(register_.FindHousehold("head", moved).ok());
  EXPECT_EQ(register_.FindHousehold("head", born - 1)->members_size(), 1);
  EXPECT_EQ(register_.FindHousehold("head", born)->members_size(), 2);
  EXPECT_EQ(news_.told, (std::vector<std::string>{"holds head", "holds baby"}));
  EXPECT_TRUE(register_.FindHousehold("former", moved - 1).ok());
  for (const absl::CivilDay day : {moved, kToday}) {
    EXPECT_EQ(ReasonOf(register_.FindHousehold("former", day).status()),
              "NOT_A_RESIDENT");
  }
}

TEST_F(ResidentRegisterTest, TheTaxMunicipalityIsThatOfThe1January) {
  ASSERT_TRUE(Import({Person("head", "h1", Member::HEAD, "1988-08-07")}).ok());
  const auto taxed_by = [&](absl::CivilDay day) {
    return register_.FindHousehold("head", day)->members(0).tax_municipality();
  };
  // Moved here in March 2026: until the fiscal year ends, Yunagi has it.
  EXPECT_EQ(taxed_by(kToday), "yunagi");
  EXPECT_EQ(taxed_by(absl::CivilDay(2027, 3, 31)), "yunagi");
  EXPECT_EQ(taxed_by(absl::CivilDay(2027, 4, 1)), "akatsuki");
}

TEST_F(ResidentRegisterTest, ARegisterOfTheFirstFormIsTakenOver) {
  const std::string file = folder_.File("old.sqlite");
  {
    const auto old =
        agency::Database::Open(file, ResidentRegister::Migrations().first(1))
            .value();
    ASSERT_TRUE(
        old->Write([](soci::session& sql) -> absl::Status {
             sql << "INSERT INTO households VALUES ('h1', '架空県', "
                    "'2026-03-20')";
             sql << "INSERT INTO residents VALUES ('head', 'h1', 1, "
                    "'架空　子', "
                    "'カクウ　コ', '1988-08-07', 2, 'yunagi'), ('baby', 'h1', "
                    "3, '架空　芽', 'カクウ　メ', '2026-04-10', 1, 'akatsuki')";
             return absl::OkStatus();
           })
            .ok());
  }
  const auto database =
      agency::Database::Open(file, ResidentRegister::Migrations()).value();
  ResidentRegister taken(database.get(), "akatsuki");
  const auto household = taken.FindHousehold("baby", kToday);
  ASSERT_TRUE(household.ok()) << household.status();
  EXPECT_EQ(household->address(), "架空県");
  EXPECT_EQ(household->move_in_date(), "2026-03-20");
  ASSERT_EQ(household->members_size(), 2);
  EXPECT_EQ(household->members(0).name(), "架空　子");
  EXPECT_EQ(household->members(0).relation(), Member::HEAD);
  EXPECT_EQ(household->members(0).tax_municipality(), "yunagi");
  EXPECT_EQ(household->members(1).birth_date(), "2026-04-10");
  EXPECT_EQ(
      taken.FindHousehold("head", absl::CivilDay(2026, 4, 9))->members_size(),
      1);
}

TEST_F(ResidentRegisterTest, EntersAllOrNone) {
  const Resident head = Person("head", "h1", Member::HEAD, "1988-08-07");
  Resident elsewhere = Person("child", "h1", Member::CHILD, "2016-01-02");
  elsewhere.set_address("別の住所");
  Resident nameless = Person("child", "h1", Member::CHILD, "2016-01-02");
  nameless.clear_name();
  Resident unrelated = Person("child", "h1", Member::CHILD, "2016-01-02");
  unrelated.set_relation(99);
  for (const Resident& bad :
       {elsewhere, nameless, unrelated, head,
        Person("second", "h1", Member::HEAD, "1980-01-01"),
        Person("orphan", "h2", Member::CHILD, "2016-01-02")}) {
    EXPECT_FALSE(Import({head, bad}).ok()) << bad.ShortDebugString();
    EXPECT_FALSE(register_.FindHousehold("head", kToday).ok());
  }
  EXPECT_TRUE(Import({head}).ok());
  EXPECT_TRUE(register_.FindHousehold("head", kToday).ok());
}

}  // namespace
}  // namespace psm
