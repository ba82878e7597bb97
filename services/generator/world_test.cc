#include "services/generator/world.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "services/benefits/zengin_kana.h"
#include "services/generator/personas.h"
#include "services/generator/seeded_random.h"

namespace psm {
namespace {

using residents::v1::Member;
using tax::v1::GetTaxStatusResponse;

WorldOptions Options(absl::CivilDay today = absl::CivilDay(2026, 11, 22)) {
  WorldOptions options;
  options.today = today;
  return options;
}

const Household* HomeOf(const World& world, const std::string& persona) {
  for (const Story& story : world.stories) {
    if (story.id == persona) return &world.households[story.household];
  }
  return nullptr;
}

TEST(SeededRandomTest, IsTheSameOnEveryMachine) {
  SeededRandom random(1, "a topic");
  // Recorded once; other values would change every generated world.
  EXPECT_EQ(random.Below(1'000'000'007), 27286756U);
  EXPECT_EQ(random.Below(1'000'000'007), 338066034U);
  SeededRandom other_topic(1, "another topic");
  SeededRandom other_seed(2, "a topic");
  SeededRandom again(1, "a topic");
  const std::uint64_t first = again.Below(1'000'000'007);
  EXPECT_NE(first, other_topic.Below(1'000'000'007));
  EXPECT_NE(first, other_seed.Below(1'000'000'007));
}

TEST(SeededRandomTest, DrawsEveryValueAndNoOther) {
  SeededRandom random(7, "range");
  std::set<int> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Between(-2, 3));
  EXPECT_EQ(seen, (std::set<int>{-2, -1, 0, 1, 2, 3}));
  EXPECT_EQ(random.Below(1), 0U);
  const absl::CivilDay day(2026, 2, 28);
  EXPECT_EQ(random.DayBetween(day, day - 5), day);
}

TEST(WorldTest, TheFiscalYearBeginsInApril) {
  EXPECT_EQ(FiscalYearOf(absl::CivilDay(2026, 3, 31)), 2025);
  EXPECT_EQ(FiscalYearOf(absl::CivilDay(2026, 4, 1)), 2026);
}

TEST(WorldTest, HasAsManyAsAskedFor) {
  for (const int residents :
       {kPersonaResidents, kPersonaResidents + 1, 137, 1000}) {
    WorldOptions options = Options();
    options.residents = residents;
    options.businesses = 3;
    const auto world = BuildWorld(options);
    ASSERT_TRUE(world.ok()) << world.status();
    int persons = 0;
    for (const Household& home : world->households) {
      persons += static_cast<int>(home.members.size());
    }
    EXPECT_EQ(persons, residents);
    EXPECT_EQ(world->businesses.size(), 3U);
  }
}

TEST(WorldTest, RefusesCountsAndDaysThatCannotBe) {
  WorldOptions options = Options();
  options.residents = kPersonaResidents - 1;
  EXPECT_FALSE(BuildWorld(options).ok());
  options = Options();
  options.businesses = 0;
  EXPECT_FALSE(BuildWorld(options).ok());
  EXPECT_FALSE(BuildWorld(Options(absl::CivilDay(1970, 1, 1))).ok());
}

TEST(WorldTest, EveryHouseholdIsWellFormed) {
  const auto world = BuildWorld(Options());
  ASSERT_TRUE(world.ok());
  std::set<std::string> ids, serials, accounts;
  std::set<PersonNumber> numbers;
  std::size_t persons = 0, registered = 0, moved = 0, exempt = 0;
  for (const Household& home : world->households) {
    EXPECT_TRUE(ids.insert(home.municipality + home.id).second);
    ASSERT_FALSE(home.members.empty());
    EXPECT_EQ(home.members[0].relation, Member::HEAD);
    EXPECT_LE(home.move_in_date, world->today);
    // Who lives where they are taxed was there on 1 January; the others came
    // later, from an address in the other town.
    const absl::CivilDay january(world->fiscal_year, 1, 1);
    EXPECT_EQ(home.moved(), home.move_in_date > january);
    EXPECT_EQ(home.moved(), !home.former_address.empty());
    moved += home.moved() ? 1 : 0;
    bool all_exempt = true;
    for (const Person& person : home.members) {
      ++persons;
      EXPECT_EQ(person.relation == Member::HEAD, &person == &home.members[0]);
      EXPECT_LE(person.birth_date, world->today);
      EXPECT_TRUE(numbers.insert(person.number).second);
      EXPECT_TRUE(serials.insert(person.card_serial).second);
      EXPECT_TRUE(ToZenginKana(person.name.kana).ok()) << person.name.kana;
      if (person.account) {
        ++registered;
        EXPECT_TRUE(
            accounts
                .insert(person.account->branch_code + person.account->number)
                .second);
        EXPECT_GE(person.account->register_date, person.birth_date);
        EXPECT_LE(person.account->register_date, world->today);
      }
      all_exempt &= person.category == GetTaxStatusResponse::EXEMPT;
      if (person.category == GetTaxStatusResponse::EXEMPT) {
        EXPECT_EQ(person.arrears_yen, 0);
      }
    }
    exempt += all_exempt ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(registered) / static_cast<double>(persons),
              0.609, 0.05);
  EXPECT_GT(moved, 3U);
  EXPECT_LT(moved, world->households.size() / 10);
  EXPECT_GT(exempt, world->households.size() / 20);
  EXPECT_LT(exempt, world->households.size() / 2);
}

TEST(WorldTest, AnotherSeedIsAnotherWorldWithTheSamePersonas) {
  WorldOptions options = Options();
  const auto one = BuildWorld(options);
  options.seed = 2;
  const auto two = BuildWorld(options);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_FALSE(one->households[0].members[0].number ==
               two->households[0].members[0].number);
  EXPECT_EQ(one->households[0].members[0].name.text,
            two->households[0].members[0].name.text);
  EXPECT_NE(one->households.back().address, two->households.back().address);
}

TEST(WorldTest, PersonasDoNotDependOnHowManyOthersThereAre) {
  WorldOptions options = Options();
  const auto many = BuildWorld(options);
  options.residents = kPersonaResidents;
  const auto few = BuildWorld(options);
  ASSERT_TRUE(many.ok() && few.ok());
  for (std::size_t i = 0; i < few->households.size(); ++i) {
    EXPECT_EQ(few->households[i].members[0].number,
              many->households[i].members[0].number);
    EXPECT_EQ(few->households[i].members[0].card_serial,
              many->households[i].members[0].card_serial);
  }
}

// The stories, on days all through a fiscal year.
class StoryTest : public testing::TestWithParam<absl::CivilDay> {
 protected:
  const World world_ = BuildWorld(Options(GetParam())).value();
};

TEST_P(StoryTest, HanakoMovedInMarchAndAllThreeAreExemptInYunagi) {
  const Household* const home = HomeOf(world_, "hanako");
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(home->municipality, kAkatsuki);
  EXPECT_EQ(home->tax_municipality, kYunagi);
  EXPECT_EQ(home->move_in_date.month(), 3);
  EXPECT_EQ(home->move_in_date.year(), world_.fiscal_year);
  ASSERT_EQ(home->members.size(), 3U);
  EXPECT_EQ(home->members[1].relation, Member::PARENT);
  EXPECT_EQ(home->members[2].relation, Member::CHILD);
  for (const Person& person : home->members) {
    EXPECT_EQ(person.category, GetTaxStatusResponse::EXEMPT);
  }
  // Her child is a minor: two certificates of tax, not three.
  EXPECT_LT(world_.today.year() - home->members[2].birth_date.year(), 18);
  EXPECT_TRUE(home->members[0].account.has_value());
  EXPECT_FALSE(home->members[0].customer_number.empty());
  EXPECT_FALSE(home->members[0].customer_told_move);
}

TEST_P(StoryTest, TaroHasNoAccountAndHisWifesNameReadsDifferently) {
  const Household* const home = HomeOf(world_, "taro");
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(home, HomeOf(world_, "yoshiko"));
  EXPECT_EQ(home->municipality, kAkatsuki);
  EXPECT_FALSE(home->moved());
  EXPECT_FALSE(home->members[0].account.has_value());
  ASSERT_TRUE(home->members[1].account.has_value());
  EXPECT_EQ(home->members[1].account->branch_code, "002");
  EXPECT_EQ(home->members[1].account->number, "2345678");
  EXPECT_NE(home->members[0].name.kana, home->members[1].name.kana);
  EXPECT_EQ(home->members[1].relation, Member::SPOUSE);
}

TEST_P(StoryTest, KenjiOwesYunagiAndHasAnAccount) {
  const Household* const home = HomeOf(world_, "kenji");
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(home->municipality, kYunagi);
  EXPECT_EQ(home->tax_municipality, kYunagi);
  EXPECT_GT(home->members[0].arrears_yen, 0);
  EXPECT_TRUE(home->members[0].account.has_value());
}

TEST_P(StoryTest, MisakiIsTaxedAndHasAnAccount) {
  const Household* const home = HomeOf(world_, "misaki");
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(home->municipality, kAkatsuki);
  EXPECT_FALSE(home->moved());
  EXPECT_EQ(home->members[0].category, GetTaxStatusResponse::TAXED);
  EXPECT_TRUE(home->members[0].account.has_value());
}

TEST_P(StoryTest, KakuuIsABusiness) {
  const Story& story = world_.stories.back();
  EXPECT_EQ(story.id, "kakuu");
  ASSERT_TRUE(story.business.has_value());
  EXPECT_EQ(world_.businesses[*story.business].name(), "株式会社かくう製作所");
}

INSTANTIATE_TEST_SUITE_P(
    Days, StoryTest,
    testing::Values(absl::CivilDay(2025, 4, 1), absl::CivilDay(2026, 3, 31),
                    absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 11, 22),
                    absl::CivilDay(2028, 2, 29), absl::CivilDay(2099, 12, 31)));

}  // namespace
}  // namespace psm
