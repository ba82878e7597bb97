#include "services/residents/withdrawals.h"

#include <string>
#include <vector>

#include "mesh/base/error.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::Member;
using residents::v1::RegisterEntry;

constexpr char kOffMove[] = "11111111-0000-4000-8000-000000000001";
constexpr char kOffDay[] = "2026-12-01";

class WithdrawalsTest : public RegisterTest {
 protected:
  // hanako gives notice, for herself and for minato where he is to go along.
  void MoveOut(bool with_minato, const std::string& subject = "hanako") {
    residents::v1::NotifyMoveOutRequest request;
    request.set_subject(subject);
    request.set_move_date(kOffDay);
    request.set_destination("yunagi");
    if (with_minato) {
      residents::v1::Mover& mover = *request.add_others();
      mover.set_kana("アオゾラ　ミナト");
      mover.set_birth_date("2017-04-21");
    }
    const auto moved = moves_.MoveOut(NewNotice(), request);
    ASSERT_TRUE(moved.ok()) << moved.status();
    news_.told.clear();
  }
  static residents::v1::WithdrawMoveOutRequest Withdrawal(
      const std::string& subject, const std::string& day = kOffDay) {
    residents::v1::WithdrawMoveOutRequest request;
    request.set_subject(subject);
    request.set_move_date(day);
    return request;
  }
  absl::StatusOr<residents::v1::WithdrawMoveOutResponse> Withdraw(
      const std::string& subject, const std::string& day = kOffDay) {
    return withdrawals_.MoveOut(NewNotice("moving/desk"),
                                Withdrawal(subject, day));
  }
  // Whom a withdrawal would bring back.
  absl::StatusOr<std::vector<std::string>> Look(const std::string& subject) {
    residents::v1::WithdrawMoveOutRequest request = Withdrawal(subject);
    request.set_validate_only(true);
    const auto looked = withdrawals_.MoveOut(NewNotice("moving/desk"), request);
    if (!looked.ok()) return looked.status();
    std::vector<std::string> subjects;
    for (const auto& person : looked->persons())
      subjects.push_back(person.subject());
    return subjects;
  }
  void Protect(const std::string& subject) {
    residents::v1::ProtectRequest request;
    request.set_subject(subject);
    request.set_last_date("2027-11-01");
    ASSERT_TRUE(
        decisions_.Protect(NewNotice("akatsuki/protection"), request).ok());
  }
  void Announce(const std::string& subject, Member::Relation relation,
                const std::string& day = "2026-11-20") {
    ASSERT_TRUE(TryToAnnounce(subject, relation, day).ok());
  }
  absl::Status TryToAnnounce(const std::string& subject,
                             Member::Relation relation,
                             const std::string& day = "2026-11-20") {
    residents::v1::AnnounceMoveInRequest request;
    request.set_subject(subject);
    request.set_move_id(kOffMove);
    request.set_move_date(day);
    request.set_origin("yunagi");
    request.set_tax_municipality("yunagi");
    request.set_name("仮野　" + subject);
    request.set_kana("カリノ　テスト");
    request.set_birth_date("1985-05-05");
    request.set_sex(1);
    request.set_relation(relation);
    return moves_.Announce(NewNotice("moving/desk"), request).status();
  }
  absl::Status MoveIn(const std::string& subject) {
    residents::v1::RegisterMoveInRequest request;
    request.set_subject(subject);
    request.set_move_date("2026-11-20");
    request.set_address("架空県あかつき市ひので町1番");
    return moves_.MoveIn(NewNotice(), request).status();
  }
  absl::StatusOr<residents::v1::WithdrawAnnouncementResponse> Unannounce(
      const std::string& subject, const std::string& move = kOffMove) {
    residents::v1::WithdrawAnnouncementRequest request;
    request.set_subject(subject);
    request.set_move_id(move);
    return withdrawals_.Announcement(NewNotice("moving/desk"), request);
  }
  // As the history shows them: "relation: PARENT > HEAD".
  std::vector<std::string> ChangesBy(const std::string& subject,
                                     RegisterEntry::Kind kind) {
    std::vector<std::string> changes;
    const auto history = residents_.FindHistory(subject);
    EXPECT_TRUE(history.ok()) << history.status();
    for (const RegisterEntry& entry : history->entries()) {
      if (entry.kind() != kind) continue;
      for (const residents::v1::Change& change : entry.changes())
        changes.push_back(absl::StrCat(
            change.item(), ": ", change.former_value(), " > ", change.value()));
    }
    return changes;
  }

  const absl::CivilDay day_{2026, 12, 1};
};

TEST_F(WithdrawalsTest, WhoWasToLeaveLivesHereAsBefore) {
  const std::string before = Household("hanako", day_).SerializeAsString();
  MoveOut(true);
  ASSERT_EQ(Household("hanako", day_).members_size(), 0);
  const auto withdrawn = Withdraw("minato");
  ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  EXPECT_EQ(withdrawn->persons_size(), 0);
  residents::v1::GetHouseholdResponse after = Household("hanako", day_);
  EXPECT_NE(after.etag(), "");
  residents::v1::GetHouseholdResponse expected;
  ASSERT_TRUE(expected.ParseFromString(before));
  expected.set_etag(after.etag());
  EXPECT_EQ(after.SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(news_.told,
            (std::vector<std::string>{
                "holds hanako", "move_out_withdrawn hanako 2026-12-01",
                "holds minato", "move_out_withdrawn minato 2026-12-01"}));
}

TEST_F(WithdrawalsTest, WhoOnlyLooksChangesNothing) {
  EXPECT_EQ(ReasonOf(Look("hanako").status()), "MOVE_OUT_UNKNOWN");
  MoveOut(true);
  const std::string etag = Etag("hanako");
  const auto looked = Look("minato");
  ASSERT_TRUE(looked.ok()) << looked.status();
  EXPECT_EQ(*looked, (std::vector<std::string>{"hanako", "minato"}));
  EXPECT_EQ(Household("hanako", day_).members_size(), 0);
  EXPECT_EQ(Etag("hanako"), etag);
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 2);
  ASSERT_TRUE(Withdraw("hanako").ok());
  EXPECT_EQ(*Look("hanako"), *looked) << "of one that is withdrawn already";
}

// One who is not protected speaks for nobody who is.
TEST_F(WithdrawalsTest, WhereOneOfThemIsProtectedAnOfficerDecides) {
  MoveOut(true);
  Protect("minato");
  EXPECT_EQ(ReasonOf(Look("hanako").status()), "NOT_A_RESIDENT");
  EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), "NOT_A_RESIDENT");
  EXPECT_EQ(
      ReasonOf(withdrawals_
                   .MoveOut(NewNotice("akatsuki/counter"), Withdrawal("hanako"))
                   .status()),
      "NO_AUTOMATIC_ANSWER");
  EXPECT_EQ(Household("hanako", day_).members_size(), 0);

  // The same of who are to come: minato, back again, with kenji.
  Announce("kenji", Member::HEAD, "2026-12-05");
  Announce("minato", Member::CHILD, "2026-12-05");
  EXPECT_EQ(ReasonOf(Unannounce("kenji").status()), "NOT_A_RESIDENT");
  residents::v1::EndProtectionRequest end;
  end.set_subject("minato");
  ASSERT_TRUE(decisions_.End(NewNotice("akatsuki/protection"), end).ok());
  EXPECT_TRUE(Unannounce("kenji").ok());
  EXPECT_TRUE(Withdraw("hanako").ok());
}

// Two notices for one day: the one that the desk gave, not the counter's.
TEST_F(WithdrawalsTest, ANoticeIsFoundByTheExchangeThatGaveIt) {
  MoveOut(true);
  const std::string first = call_.exchange_id;
  ASSERT_TRUE(Withdraw("hanako").ok());
  MoveOut(true);
  const std::string second = call_.exchange_id;
  residents::v1::WithdrawMoveOutRequest request = Withdrawal("hanako");
  request.set_notice_exchange_id(first);
  ASSERT_TRUE(withdrawals_.MoveOut(NewNotice("moving/desk"), request).ok());
  EXPECT_EQ(Household("hanako", day_).members_size(), 0)
      << "the first is withdrawn as before, the second holds";
  request.set_notice_exchange_id("11111111-0000-4000-8000-000000000009");
  EXPECT_EQ(
      ReasonOf(
          withdrawals_.MoveOut(NewNotice("moving/desk"), request).status()),
      "MOVE_OUT_UNKNOWN");
  request.set_notice_exchange_id(second);
  ASSERT_TRUE(withdrawals_.MoveOut(NewNotice("moving/desk"), request).ok());
  EXPECT_EQ(Household("hanako", day_).members_size(), 3);
}

TEST_F(WithdrawalsTest, TheHistoryKeepsBothTheNoticeAndItsEnd) {
  MoveOut(true);
  ASSERT_TRUE(Withdraw("hanako").ok());
  EXPECT_EQ(ChangesBy("fumie", RegisterEntry::MOVE_OUT),
            std::vector<std::string>{"relation: PARENT > HEAD"});
  EXPECT_EQ(ChangesBy("fumie", RegisterEntry::MOVE_OUT_WITHDRAWN),
            std::vector<std::string>{"relation: HEAD > PARENT"});
  EXPECT_EQ(ChangesBy("minato", RegisterEntry::MOVE_OUT),
            (std::vector<std::string>{
                "birth_date: 2017-04-21 > ", "kana: アオゾラ　ミナト > ",
                "name: 青空　湊 > ", "relation: CHILD > ", "sex: 1 > "}));
  EXPECT_EQ(ChangesBy("minato", RegisterEntry::MOVE_OUT_WITHDRAWN),
            (std::vector<std::string>{
                "birth_date:  > 2017-04-21", "kana:  > アオゾラ　ミナト",
                "name:  > 青空　湊", "relation:  > CHILD", "sex:  > 1"}));
  EXPECT_EQ(residents_.FindHistory("minato")->entries_size(), 3);
}

TEST_F(WithdrawalsTest, TheRegisterGoesOnAsIfNothingHadBeen) {
  MoveOut(true);
  ASSERT_TRUE(Withdraw("hanako").ok());
  // A new name before that day, and another move with an earlier one.
  residents::v1::RegisterNameChangeRequest rename;
  rename.set_subject("hanako");
  rename.set_etag(Etag("hanako"));
  rename.set_change_date("2026-11-22");
  rename.set_name("夕凪　花子");
  rename.set_kana("ユウナギ　ハナコ");
  ASSERT_TRUE(families_.NameChange(NewNotice(), rename).ok());
  residents::v1::NotifyMoveOutRequest earlier;
  earlier.set_subject("minato");
  earlier.set_move_date("2026-11-25");
  earlier.set_destination("yunagi");
  ASSERT_TRUE(moves_.MoveOut(NewNotice(), earlier).ok());
  EXPECT_EQ(Household("hanako", day_).members_size(), 2);
  ASSERT_TRUE(Withdraw("minato", "2026-11-25").ok());
  EXPECT_EQ(Household("hanako", day_).members_size(), 3);
  EXPECT_EQ(Household("hanako", day_).members(0).name(), "夕凪　花子");
}

TEST_F(WithdrawalsTest, ASecondWithdrawalIsAnsweredAndEntersNothing) {
  MoveOut(true);
  const auto first = Withdraw("hanako");
  ASSERT_TRUE(first.ok()) << first.status();
  news_.told.clear();
  const auto again = Withdraw("hanako");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_TRUE(news_.told.empty());
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 3);
  // Given and withdrawn once more, it is that one.
  MoveOut(true);
  ASSERT_TRUE(Withdraw("hanako").ok());
  EXPECT_EQ(Household("hanako", day_).members_size(), 3);
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 5);
}

TEST_F(WithdrawalsTest, AWithdrawalIsRefusedByWhatIsWrong) {
  EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), "MOVE_OUT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Withdraw("taro").status()), "MOVE_OUT_UNKNOWN");
  MoveOut(true);
  EXPECT_EQ(ReasonOf(Withdraw("hanako", "2026-12-02").status()),
            "MOVE_OUT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Withdraw("hanako", "soon").status()), "DATE_INVALID");
  EXPECT_EQ(ReasonOf(Withdraw("fumie").status()), "MOVE_OUT_UNKNOWN")
      << "she stays";
  EXPECT_EQ(Household("hanako", day_).members_size(), 0);
}

TEST_F(WithdrawalsTest, WhatWasBuiltOnTheNoticeIsForAClerk) {
  MoveOut(true);
  // fumie, who was left alone, has died since: who would be whose mother?
  residents::v1::RegisterDeathRequest died;
  died.set_subject("fumie");
  died.set_etag(Etag("fumie"));
  clock_.Advance(absl::Hours(24 * 11));  // 3 December
  died.set_death_date("2026-12-02");
  ASSERT_TRUE(families_.Death(NewNotice(), died).ok());
  EXPECT_EQ(ReasonOf(Look("hanako").status()), "DATE_OUT_OF_ORDER");
  EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), "DATE_OUT_OF_ORDER");
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 2);
}

TEST_F(WithdrawalsTest, AHouseholdThatHasAnotherHeadSinceThenIsForAClerk) {
  MoveOut(false, "minato");
  MoveOut(false);  // and fumie, who is left, is head
  EXPECT_EQ(ReasonOf(Look("minato").status()), "HOUSEHOLD_CHANGED");
  EXPECT_EQ(ReasonOf(Withdraw("minato").status()), "HOUSEHOLD_CHANGED")
      << "whose child would he be?";
  EXPECT_EQ(Household("fumie", day_).members_size(), 1);
  EXPECT_TRUE(news_.told.empty());
  ASSERT_TRUE(Withdraw("hanako").ok());
  ASSERT_TRUE(Withdraw("minato").ok()) << "and then he may";
  EXPECT_EQ(Household("hanako", day_).members_size(), 3);
}

// fumie, head while hanako is away, has let kenji in: hanako was not asked, and
// what would he be to her?
TEST_F(WithdrawalsTest, WhoHasJoinedUnderTheNextHeadIsForAClerk) {
  MoveOut(true);
  clock_.Advance(absl::Hours(24 * 11));  // 3 December
  residents::v1::AgreeToJoinRequest agree;
  agree.set_subject("fumie");
  residents::v1::Joiner& joiner = *agree.add_joiners();
  joiner.set_kana("カリノ　テスト");
  joiner.set_birth_date("1985-05-05");
  joiner.set_relation(Member::CHILD);
  const auto agreed = households_.Agree(NewNotice("portal/terminal"), agree);
  ASSERT_TRUE(agreed.ok()) << agreed.status();
  Announce("kenji", Member::HEAD, "2026-12-02");
  residents::v1::RegisterMoveInRequest join;
  join.set_subject("kenji");
  join.set_move_date("2026-12-02");
  join.set_join_agreement(agreed->join_agreement());
  ASSERT_TRUE(moves_.MoveIn(NewNotice(), join).ok());
  EXPECT_EQ(ReasonOf(Look("hanako").status()), "HOUSEHOLD_CHANGED");
  EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), "HOUSEHOLD_CHANGED");
  EXPECT_EQ(Household("fumie", absl::CivilDay(2026, 12, 3)).members_size(), 2);
}

TEST_F(WithdrawalsTest, WhoHasJoinedUnderTheSameHeadStays) {
  MoveOut(false, "minato");
  residents::v1::RegisterBirthRequest birth;
  birth.set_subject("hanako");
  clock_.Advance(absl::Hours(24 * 11));  // 3 December
  birth.set_etag(Household("hanako", absl::CivilDay(2026, 12, 3)).etag());
  birth.set_birth_date("2026-12-02");
  birth.set_name("青空　汐");
  birth.set_kana("アオゾラ　シオ");
  birth.set_sex(2);
  ASSERT_TRUE(families_.Birth(NewNotice(), birth, "newborn").ok());
  ASSERT_TRUE(Withdraw("minato").ok());
  EXPECT_EQ(Household("hanako", absl::CivilDay(2026, 12, 3)).members_size(), 4);
}

TEST_F(WithdrawalsTest, ANewHeadBeforeThatDayIsNoObstacle) {
  MoveOut(false, "minato");
  residents::v1::ChangeHeadRequest head;
  head.set_subject("fumie");
  head.set_etag(Etag("fumie"));
  head.set_change_date("2026-11-22");
  ASSERT_TRUE(families_.ChangeHead(NewNotice(), head).ok());
  ASSERT_TRUE(Withdraw("minato").ok());
  const auto home = Household("fumie", day_);
  ASSERT_EQ(home.members_size(), 3);
  EXPECT_EQ(home.members(0).subject(), "fumie");
  EXPECT_EQ(home.members(2).relation(), Member::OTHER)
      << "as it was changed while he lived here";
}

TEST_F(WithdrawalsTest, NobodyComesByAWithdrawnAnnouncement) {
  Announce("kenji", Member::HEAD);
  Announce("child", Member::CHILD);
  const auto withdrawn = Unannounce("kenji");
  ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  for (const char* person : {"kenji", "child"})
    EXPECT_EQ(ReasonOf(MoveIn(person)), "NOT_ANNOUNCED");
  const auto again = Unannounce("kenji");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), withdrawn->SerializeAsString());
  // Nor by another announcement of that move, of them or of others.
  for (const char* person : {"kenji", "child", "another"})
    EXPECT_EQ(ReasonOf(TryToAnnounce(person, Member::HEAD)), "MOVE_WITHDRAWN");
}

TEST_F(WithdrawalsTest, AnAnnouncementByWhichSomebodyCameStays) {
  Announce("kenji", Member::HEAD);
  EXPECT_EQ(ReasonOf(Unannounce("child").status()), "NOT_ANNOUNCED");
  EXPECT_EQ(ReasonOf(Unannounce("kenji", "none").status()), "NOT_ANNOUNCED");
  ASSERT_TRUE(MoveIn("kenji").ok());
  EXPECT_EQ(ReasonOf(Unannounce("kenji").status()), "ALREADY_MOVED_IN");
  EXPECT_EQ(Household("kenji", today_).members_size(), 1);
}

}  // namespace
}  // namespace psm
