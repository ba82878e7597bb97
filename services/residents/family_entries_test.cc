#include "services/residents/family_entries.h"

#include <string>
#include <thread>
#include <vector>

#include "mesh/base/error.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::ChangeHeadRequest;
using residents::v1::Member;
using residents::v1::RegisterAddressChangeRequest;
using residents::v1::RegisterBirthRequest;
using residents::v1::RegisterDeathRequest;
using residents::v1::RegisterEntry;
using residents::v1::RegisterNameChangeRequest;

class FamilyEntriesTest : public RegisterTest {
 protected:
  RegisterBirthRequest BirthOf(const std::string& parent) {
    RegisterBirthRequest request;
    request.set_subject(parent);
    request.set_etag(Etag("hanako"));
    request.set_name("青空　凪");
    request.set_kana("アオゾラ　ナギ");
    request.set_birth_date("2026-11-15");
    request.set_sex(2);
    return request;
  }
  RegisterDeathRequest DeathOf(const std::string& subject) {
    RegisterDeathRequest request;
    request.set_subject(subject);
    request.set_etag(Etag(subject));
    request.set_death_date("2026-11-21");
    return request;
  }
  RegisterNameChangeRequest Marriage() {
    RegisterNameChangeRequest request;
    request.set_subject("hanako");
    request.set_etag(Etag("hanako"));
    request.set_change_date("2026-11-20");
    request.set_name("架空　花子");
    request.set_kana("カクウ　ハナコ");
    return request;
  }
};

TEST_F(FamilyEntriesTest, AChildJoinsTheHouseholdOfItsParent) {
  const RegisterBirthRequest request = BirthOf("hanako");
  EXPECT_FALSE(*families_.CheckBirth(NewNotice(), request));
  const auto born = families_.Birth(SameNotice(), request, "nagi");
  ASSERT_TRUE(born.ok()) << born.status();
  EXPECT_EQ(born->child(), "nagi");
  EXPECT_FALSE(born->late());
  EXPECT_EQ(born->etag(), Etag("hanako"));
  const auto household = Household("nagi", today_);
  ASSERT_EQ(household.members_size(), 4);
  EXPECT_EQ(household.members(3).subject(), "nagi");
  EXPECT_EQ(household.members(3).relation(), Member::CHILD);
  EXPECT_EQ(household.members(3).name(), "青空　凪");
  EXPECT_EQ(household.members(3).tax_municipality(), "akatsuki");
  EXPECT_EQ(news_.told,
            (std::vector<std::string>{"holds nagi", "born nagi 2026-11-15"}));
  EXPECT_EQ(Household("hanako", absl::CivilDay(2026, 11, 14)).members_size(),
            3);
  // A retry enrols nobody and enters nothing.
  EXPECT_TRUE(*families_.CheckBirth(SameNotice(), request));
  EXPECT_EQ(families_.Birth(SameNotice(), request, "another")->child(), "nagi");
  EXPECT_EQ(Household("hanako", today_).members_size(), 4);
}

TEST_F(FamilyEntriesTest, ABirthIsRefusedBeforeAnybodyIsEnrolled) {
  const auto with = [this](const char* reason, auto change) {
    RegisterBirthRequest request = BirthOf("hanako");
    change(request);
    return std::pair(std::string(reason), request);
  };
  using R = RegisterBirthRequest;
  for (const auto& [reason, request] :
       {with("DATE_INVALID", [](R& r) { r.set_birth_date("2026-11-23"); }),
        with("DATE_INVALID", [](R& r) { r.set_birth_date("2024-11-23"); }),
        with("NAME_INVALID", [](R& r) { r.set_name("凪"); }),
        with("KANA_INVALID", [](R& r) { r.set_kana("青空　凪"); }),
        with("SEX_INVALID", [](R& r) { r.set_sex(3); }),
        with("ETAG_STALE", [](R& r) { r.clear_etag(); }),
        with("ETAG_STALE", [](R& r) { r.set_etag("0123456789abcdef"); }),
        with("NOT_A_RESIDENT", [](R& r) { r.set_subject("taro"); })}) {
    EXPECT_EQ(ReasonOf(families_.CheckBirth(NewNotice(), request).status()),
              reason);
  }
}

TEST_F(FamilyEntriesTest, TheDeadAreResidentsOfTheirTimeOnly) {
  ASSERT_TRUE(families_.Death(NewNotice(), DeathOf("fumie")).ok());
  EXPECT_EQ(news_.told, (std::vector<std::string>{"died fumie 2026-11-21",
                                                  "no more fumie"}));
  EXPECT_EQ(Household("hanako", today_).members_size(), 2);
  EXPECT_EQ(Household("fumie", absl::CivilDay(2026, 11, 20)).members_size(), 3);
  EXPECT_EQ(ReasonOf(residents_.FindHousehold("fumie", today_).status()),
            "NOT_A_RESIDENT");
  EXPECT_EQ(residents_.FindHistory("fumie")->entries(1).kind(),
            RegisterEntry::DEATH);
  EXPECT_EQ(ReasonOf(families_.Death(NewNotice(), DeathOf("fumie")).status()),
            "NOT_A_RESIDENT");
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 1);
}

TEST_F(FamilyEntriesTest, AHeadDiesOnlyAfterAnotherIsNamed) {
  EXPECT_EQ(ReasonOf(families_.Death(NewNotice(), DeathOf("hanako")).status()),
            "HEAD_NEEDED");
  ChangeHeadRequest change;
  change.set_subject("fumie");
  change.set_etag(Etag("fumie"));
  change.set_change_date("2026-11-21");
  ASSERT_TRUE(families_.ChangeHead(NewNotice(), change).ok());
  const auto household = Household("minato", today_);
  EXPECT_EQ(household.members(0).subject(), "fumie");
  EXPECT_EQ(household.members(1).subject(), "hanako");
  EXPECT_EQ(household.members(1).relation(), Member::CHILD);
  EXPECT_EQ(household.members(2).relation(), Member::OTHER);
  EXPECT_EQ(Household("minato", today_ - 2).members(0).subject(), "hanako");
  change.set_etag(Etag("fumie"));
  EXPECT_EQ(ReasonOf(families_.ChangeHead(NewNotice(), change).status()),
            "ALREADY_HEAD");
  EXPECT_TRUE(families_.Death(NewNotice(), DeathOf("hanako")).ok());
}

// fumie lives alone since the 18th, with a newborn since the 20th: in whose
// household would the child be, had she died on the 19th?
TEST_F(FamilyEntriesTest, ADeathDatedBackLeavesNobodyWithoutAHead) {
  residents::v1::SplitHouseholdRequest split;
  split.set_subject("fumie");
  split.set_etag(Etag("fumie"));
  split.set_change_date("2026-11-18");
  ASSERT_TRUE(households_.Split(NewNotice(), split).ok());
  RegisterBirthRequest birth = BirthOf("fumie");
  birth.set_etag(Etag("fumie"));
  birth.set_birth_date("2026-11-20");
  ASSERT_TRUE(families_.Birth(NewNotice(), birth, "newborn").ok());
  ASSERT_EQ(Household("fumie", today_).members_size(), 2);
  RegisterDeathRequest death = DeathOf("fumie");
  death.set_death_date("2026-11-19");
  EXPECT_EQ(ReasonOf(families_.Death(NewNotice(), death).status()),
            "DATE_OUT_OF_ORDER");
  EXPECT_EQ(Household("newborn", today_).members_size(), 2);
  death.set_death_date("2026-11-21");
  EXPECT_TRUE(families_.Death(NewNotice(), death).ok());
  EXPECT_EQ(Household("newborn", today_).members(0).relation(), Member::HEAD);
}

// A household is nobody's before it was there.
TEST_F(FamilyEntriesTest, NobodyIsBornIntoAHouseholdOfLater) {
  RegisterBirthRequest birth = BirthOf("hanako");
  birth.set_birth_date("2026-03-19");
  EXPECT_EQ(ReasonOf(families_.CheckBirth(NewNotice(), birth).status()),
            "DATE_OUT_OF_ORDER")
      << "they came on the 20th";
  EXPECT_EQ(ReasonOf(families_.Birth(NewNotice(), birth, "newborn").status()),
            "DATE_OUT_OF_ORDER");
  EXPECT_EQ(ReasonOf(residents_.FindHistory("newborn").status()),
            "NOT_A_RESIDENT");
  birth.set_birth_date("2026-03-20");
  EXPECT_TRUE(families_.Birth(NewNotice(), birth, "newborn").ok());
}

TEST_F(FamilyEntriesTest, AChildIsSomethingToTheHeadOfEachDay) {
  // Born to fumie, hanako's mother, on the 15th; fumie is head from the 18th.
  ChangeHeadRequest change;
  change.set_subject("fumie");
  change.set_etag(Etag("hanako"));
  change.set_change_date("2026-11-18");
  ASSERT_TRUE(families_.ChangeHead(NewNotice(), change).ok());
  ASSERT_TRUE(families_.Birth(NewNotice(), BirthOf("fumie"), "nagi").ok());
  const auto relation = [this](absl::CivilDay day) {
    const auto household = Household("nagi", day);
    for (const auto& member : household.members())
      if (member.subject() == "nagi") return member.relation();
    return Member::RELATION_UNSPECIFIED;
  };
  EXPECT_EQ(relation(absl::CivilDay(2026, 11, 14)),
            Member::RELATION_UNSPECIFIED);
  EXPECT_EQ(relation(absl::CivilDay(2026, 11, 15)), Member::OTHER);
  EXPECT_EQ(relation(absl::CivilDay(2026, 11, 17)), Member::OTHER);
  EXPECT_EQ(relation(absl::CivilDay(2026, 11, 18)), Member::CHILD);
  EXPECT_EQ(relation(today_), Member::CHILD);
}

TEST_F(FamilyEntriesTest, AHeadDatedBackIsRefusedWhereSomebodyHasComeSince) {
  ASSERT_TRUE(families_.Birth(NewNotice(), BirthOf("hanako"), "nagi").ok());
  ChangeHeadRequest change;
  change.set_subject("fumie");
  change.set_etag(Etag("hanako"));
  change.set_change_date("2026-11-14");
  EXPECT_EQ(ReasonOf(families_.ChangeHead(NewNotice(), change).status()),
            "DATE_OUT_OF_ORDER");
  change.set_change_date("2026-11-15");
  ASSERT_TRUE(families_.ChangeHead(NewNotice(), change).ok());
  const auto household = Household("fumie", today_);
  EXPECT_EQ(household.members(0).subject(), "fumie");
  for (const auto& member : household.members()) {
    if (member.subject() != "nagi") continue;
    EXPECT_EQ(member.relation(), Member::OTHER) << "her grandchild";
  }
}

TEST_F(FamilyEntriesTest, AFormerNameStaysInTheHistory) {
  ASSERT_TRUE(families_.NameChange(NewNotice(), Marriage()).ok());
  EXPECT_EQ(Household("hanako", today_).members(0).kana(), "カクウ　ハナコ");
  EXPECT_EQ(Household("hanako", absl::CivilDay(2026, 11, 19)).members(0).name(),
            "青空　花子");
  const auto history = residents_.FindHistory("hanako");
  ASSERT_EQ(history->entries_size(), 2);
  const RegisterEntry& entry = history->entries(1);
  EXPECT_EQ(entry.kind(), RegisterEntry::NAME_CHANGE);
  EXPECT_EQ(entry.effect_date(), "2026-11-20");
  EXPECT_EQ(entry.enter_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  ASSERT_EQ(entry.changes_size(), 2);
  EXPECT_EQ(entry.changes(1).item(), "name");
  EXPECT_EQ(entry.changes(1).former_value(), "青空　花子");
  EXPECT_EQ(entry.changes(1).value(), "架空　花子");
  // Before the day of what was entered last, nothing is entered any more.
  RegisterNameChangeRequest earlier = Marriage();
  earlier.set_change_date("2026-11-19");
  EXPECT_EQ(ReasonOf(families_.NameChange(NewNotice(), earlier).status()),
            "DATE_OUT_OF_ORDER");
  RegisterNameChangeRequest before = Marriage();
  before.set_change_date("2026-03-19");
  EXPECT_EQ(ReasonOf(families_.NameChange(NewNotice(), before).status()),
            "DATE_OUT_OF_ORDER");
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 2);
}

TEST_F(FamilyEntriesTest, AHouseholdMovesWithinTheMunicipality) {
  RegisterAddressChangeRequest request;
  request.set_subject("minato");
  request.set_etag(Etag("minato"));
  request.set_change_date("2026-11-10");
  request.set_address("架空県あかつき市明野1丁目1番");
  const auto changed = families_.AddressChange(NewNotice(), request);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->etag(), Etag("fumie"));
  EXPECT_EQ(news_.told,
            (std::vector<std::string>{"moved_within hanako 2026-11-10",
                                      "moved_within fumie 2026-11-10",
                                      "moved_within minato 2026-11-10"}));
  EXPECT_EQ(Household("fumie", today_).address(), request.address());
  EXPECT_EQ(Household("fumie", absl::CivilDay(2026, 11, 9)).address(),
            "架空県あかつき市東雲台2丁目3番4号");
  const auto history = residents_.FindHistory("fumie");
  ASSERT_EQ(history->entries_size(), 2);
  EXPECT_EQ(history->entries(1).kind(), RegisterEntry::ADDRESS_CHANGE);
  EXPECT_EQ(history->entries(1).changes(0).item(), "address");
}

TEST_F(FamilyEntriesTest, OfTwoClerksOneReadsAgain) {
  const RegisterNameChangeRequest first = Marriage();
  const RegisterDeathRequest second = DeathOf("fumie");
  ASSERT_TRUE(families_.NameChange(NewNotice(), first).ok());
  const absl::Status status = families_.Death(NewNotice(), second).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "ETAG_STALE");
  EXPECT_EQ(Household("hanako", today_).members_size(), 3);
}

TEST_F(FamilyEntriesTest, OfManyClerksAtOnceOneGetsThrough) {
  const std::string etag = Etag("hanako");
  std::vector<absl::Status> results(8);
  std::vector<std::thread> clerks;
  for (std::size_t i = 0; i < results.size(); ++i) {
    clerks.emplace_back([&, i] {
      agency::CallContext call;
      call.consumer = absl::StrCat("akatsuki/counter", i);
      call.exchange_id = "00000000-0000-4000-8000-000000000001";
      RegisterNameChangeRequest request;
      request.set_subject("hanako");
      request.set_etag(etag);
      request.set_change_date("2026-11-20");
      request.set_name(absl::StrCat("架空　", i));
      request.set_kana("カクウ　ハナコ");
      results[i] = families_.NameChange({call, clock_.Now()}, request).status();
    });
  }
  for (std::thread& clerk : clerks) clerk.join();
  int entered = 0;
  for (const absl::Status& result : results) {
    if (result.ok()) {
      ++entered;
    } else {
      EXPECT_EQ(ReasonOf(result), "ETAG_STALE") << result;
    }
  }
  EXPECT_EQ(entered, 1);
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 2);
}

}  // namespace
}  // namespace psm
