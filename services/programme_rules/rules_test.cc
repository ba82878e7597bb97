#include "services/programme_rules/rules.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/programme_rules/test_programmes.h"

namespace psm {
namespace {

using benefits::v1::Condition;
using benefits::v1::EligibilityRule;
using benefits::v1::FilledField;
using benefits::v1::ProgrammeDefinition;
using testing::ElementsAre;

FilledField Field(const std::string& id, int member, const std::string& value,
                  const std::string& provider = "yunagi/tax") {
  FilledField field;
  field.mutable_field()->set_id(id);
  field.set_member(member);
  field.set_value(value);
  field.set_provider(provider);
  return field;
}

TEST(RulesTest, AnAgeIsCompleteOnTheBirthday) {
  struct Case {
    absl::CivilDay birth, day;
    int age;
  };
  for (const Case& c : {
           Case{absl::CivilDay(2008, 4, 2), absl::CivilDay(2026, 4, 1), 17},
           Case{absl::CivilDay(2008, 4, 2), absl::CivilDay(2026, 4, 2), 18},
           Case{absl::CivilDay(2008, 2, 29), absl::CivilDay(2026, 2, 28), 17},
           Case{absl::CivilDay(2008, 2, 29), absl::CivilDay(2026, 3, 1), 18},
           Case{absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 4, 1), 0},
       }) {
    EXPECT_EQ(AgeOn(c.birth, c.day), c.age) << c.birth;
  }
}

TEST(RulesTest, AConditionHoldsOnlyForAValueThatItCanRead) {
  Condition numbers;
  numbers.set_at_least(10);
  numbers.set_at_most(20);
  for (const char* value : {"10", "20", "15"}) {
    EXPECT_TRUE(Fulfils(numbers, value)) << value;
  }
  for (const char* value : {"9", "21", "", "ten", "15x", "-15"}) {
    EXPECT_FALSE(Fulfils(numbers, value)) << value;
  }
  Condition child;
  child.mutable_age()->set_on_date("2026-04-01");
  child.mutable_age()->set_below(18);
  for (const char* value : {"2026-04-01", "2008-04-02"}) {
    EXPECT_TRUE(Fulfils(child, value)) << value;
  }
  for (const char* value : {"2008-04-01", "2026-04-02", "", "young"}) {
    EXPECT_FALSE(Fulfils(child, value)) << value;
  }
  Condition one;
  one.add_one_of("EXEMPT");
  EXPECT_TRUE(Fulfils(one, "EXEMPT"));
  EXPECT_FALSE(Fulfils(one, "exempt"));
  EXPECT_FALSE(Fulfils(Condition(), ""));
}

TEST(RulesTest, EachScopeAsksOfOthers) {
  ProgrammeDefinition definition;
  const auto outcome = [&](EligibilityRule::Scope scope,
                           const std::vector<FilledField>& fields) {
    definition.clear_rules();
    EligibilityRule& rule = *definition.add_rules();
    rule.set_scope(scope);
    rule.mutable_condition()->set_field("tax");
    rule.mutable_condition()->add_one_of("EXEMPT");
    return CheckRules(definition, fields)[0];
  };
  const std::vector<FilledField> mixed = {
      Field("tax", 0, "EXEMPT"), Field("tax", 1, "TAXED", "akatsuki/tax"),
      Field("name", 1, "EXEMPT"), Field("tax", 2, "")};
  EXPECT_TRUE(outcome(EligibilityRule::HEAD, mixed).fulfilled());
  EXPECT_TRUE(outcome(EligibilityRule::ANY_MEMBER, mixed).fulfilled());
  const auto every = outcome(EligibilityRule::EVERY_MEMBER, mixed);
  EXPECT_FALSE(every.fulfilled());
  EXPECT_THAT(every.members_against(), ElementsAre(1, 2));
  EXPECT_THAT(every.providers(), ElementsAre("akatsuki/tax", "yunagi/tax"));
  for (const auto scope : {EligibilityRule::HEAD, EligibilityRule::EVERY_MEMBER,
                           EligibilityRule::ANY_MEMBER}) {
    EXPECT_FALSE(outcome(scope, {}).fulfilled()) << "nobody is no household";
  }
  EXPECT_THAT(outcome(EligibilityRule::HEAD, {Field("tax", 0, "EXEMPT", "")})
                  .providers(),
              ElementsAre("paper"));
}

TEST(RulesTest, TheAmountAddsUpAndStopsAtItsLimit) {
  const Programme* const relief = TestProgrammes().Find("price-relief-2026");
  ASSERT_NE(relief, nullptr);
  std::vector<FilledField> fields = {
      Field("member_birth_date", 0, "1990-01-01")};
  for (int children = 0; children <= 8; ++children) {
    const Amount amount = AmountFor(relief->definition, fields);
    EXPECT_EQ(amount.yen, std::min(30'000 + 20'000 * children, 150'000));
    std::int64_t sum = 0;
    for (const auto& line : amount.lines) sum += line.yen() * line.count();
    EXPECT_EQ(sum, amount.yen);
    fields.push_back(Field("member_birth_date", children + 1, "2015-05-05"));
  }
}

TEST(RulesTest, ThePeriodHasBothItsDays) {
  benefits::v1::Programme programme;
  EXPECT_TRUE(IsInPeriod(programme, absl::CivilDay(1970, 1, 1)));
  programme.set_first_date("2026-04-01");
  programme.set_last_date("2026-09-30");
  EXPECT_FALSE(IsInPeriod(programme, absl::CivilDay(2026, 3, 31)));
  EXPECT_TRUE(IsInPeriod(programme, absl::CivilDay(2026, 4, 1)));
  EXPECT_TRUE(IsInPeriod(programme, absl::CivilDay(2026, 9, 30)));
  EXPECT_FALSE(IsInPeriod(programme, absl::CivilDay(2026, 10, 1)));
}

}  // namespace
}  // namespace psm
