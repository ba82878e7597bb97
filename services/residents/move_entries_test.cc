#include "services/residents/move_entries.h"

#include <string>
#include <vector>

#include "mesh/base/error.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::AnnounceMoveInRequest;
using residents::v1::Member;
using residents::v1::Mover;
using residents::v1::NotifyMoveOutRequest;
using residents::v1::RegisterEntry;
using residents::v1::RegisterMoveInRequest;

constexpr char kMove[] = "11111111-0000-4000-8000-000000000001";

class MoveEntriesTest : public RegisterTest {
 protected:
  static Mover Minato() {
    Mover mover;
    mover.set_kana("アオゾラ　ミナト");
    mover.set_birth_date("2017-04-21");
    return mover;
  }
  static Mover Fumie() {
    Mover mover;
    mover.set_kana("アオゾラ　フミエ");
    mover.set_birth_date("1957-11-03");
    return mover;
  }
  static NotifyMoveOutRequest MoveOut(const std::string& subject,
                                      const std::string& day,
                                      const std::vector<Mover>& others) {
    NotifyMoveOutRequest request;
    request.set_subject(subject);
    request.set_move_date(day);
    request.set_destination("yunagi");
    for (const Mover& other : others) *request.add_others() = other;
    return request;
  }
  static AnnounceMoveInRequest Announcement(const std::string& subject,
                                            Member::Relation relation) {
    AnnounceMoveInRequest request;
    request.set_subject(subject);
    request.set_move_id(kMove);
    request.set_move_date("2026-11-20");
    request.set_origin("yunagi");
    request.set_tax_municipality("yunagi");
    request.set_name("仮野　" + subject);
    request.set_kana("カリノ　テスト");
    request.set_birth_date(relation == Member::CHILD ? "2015-05-05"
                                                     : "1985-05-05");
    request.set_sex(1);
    request.set_relation(relation);
    return request;
  }
  static RegisterMoveInRequest MoveIn(const std::string& subject) {
    RegisterMoveInRequest request;
    request.set_subject(subject);
    request.set_move_date("2026-11-20");
    request.set_address("架空県あかつき市ひので町1番");
    return request;
  }
};

TEST_F(MoveEntriesTest, WhoGivesNoticeLivesHereUntilTheDayOfMoving) {
  const auto certificate = moves_.MoveOut(
      NewNotice(), MoveOut("hanako", "2026-12-01", {Minato(), Fumie()}));
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  ASSERT_EQ(certificate->persons_size(), 3);
  EXPECT_EQ(certificate->persons(0).subject(), "hanako");
  EXPECT_EQ(certificate->persons(0).relation(), Member::HEAD);
  EXPECT_EQ(certificate->persons(0).tax_municipality(), "yunagi");
  EXPECT_EQ(certificate->persons(1).subject(), "fumie");
  EXPECT_EQ(certificate->persons(1).relation(), Member::PARENT);
  EXPECT_EQ(certificate->persons(2).name(), "青空　湊");
  EXPECT_EQ(certificate->persons(2).sex(), 1);
  const absl::CivilDay day(2026, 12, 1);
  EXPECT_EQ(Household("minato", day - 1).members_size(), 3);
  for (const char* person : {"hanako", "fumie", "minato"}) {
    EXPECT_EQ(ReasonOf(residents_.FindHousehold(person, day).status()),
              "NOT_A_RESIDENT");
  }
  // What was so stays known, for its time.
  EXPECT_EQ(Household("hanako", absl::CivilDay(2026, 5, 1)).members_size(), 3);
  const auto history = residents_.FindHistory("hanako");
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->entries_size(), 2);
  EXPECT_EQ(history->entries(1).kind(), RegisterEntry::MOVE_OUT);
  EXPECT_EQ(history->entries(1).effect_date(), "2026-12-01");
  EXPECT_EQ(news_.told,
            (std::vector<std::string>{"moved_out hanako 2026-12-01",
                                      "moved_out fumie 2026-12-01",
                                      "moved_out minato 2026-12-01"}));
}

TEST_F(MoveEntriesTest, ACertificateMakesTheApplicantHeadWhereTheHeadStays) {
  const auto certificate =
      moves_.MoveOut(NewNotice(), MoveOut("fumie", "2026-11-22", {Minato()}));
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  ASSERT_EQ(certificate->persons_size(), 2);
  EXPECT_EQ(certificate->persons(0).subject(), "fumie");
  EXPECT_EQ(certificate->persons(0).relation(), Member::HEAD);
  EXPECT_EQ(certificate->persons(1).relation(), Member::OTHER);
  EXPECT_EQ(Household("hanako", today_).members_size(), 1);
}

TEST_F(MoveEntriesTest, AHouseholdIsNotLeftWithoutAHead) {
  EXPECT_EQ(
      ReasonOf(moves_.MoveOut(NewNotice(), MoveOut("hanako", "2026-11-22", {}))
                   .status()),
      "HEAD_NEEDED");
  EXPECT_EQ(Household("hanako", today_).members_size(), 3);
  // Who is left alone is head without a word.
  ASSERT_TRUE(
      moves_.MoveOut(NewNotice(), MoveOut("hanako", "2026-11-22", {Minato()}))
          .ok());
  ASSERT_EQ(Household("fumie", today_).members_size(), 1);
  EXPECT_EQ(Household("fumie", today_).members(0).relation(), Member::HEAD);
  EXPECT_EQ(Household("fumie", today_ - 1).members(1).relation(),
            Member::PARENT);
}

TEST_F(MoveEntriesTest, ANoticeOfMovingOutIsRefusedByWhatIsWrong) {
  struct Case {
    const char* reason;
    NotifyMoveOutRequest request;
  };
  Mover nobody = Minato();
  nobody.set_birth_date("2017-04-22");
  Mover herself;
  herself.set_kana("アオゾラ　ハナコ");
  herself.set_birth_date("1988-07-07");
  NotifyMoveOutRequest here = MoveOut("fumie", "2026-11-22", {});
  here.set_destination("akatsuki");
  NotifyMoveOutRequest nowhere = here;
  nowhere.set_destination("");
  NotifyMoveOutRequest odd = here;
  odd.set_destination("Yunagi/residents");
  for (const Case& c :
       {Case{"NOT_A_RESIDENT", MoveOut("taro", "2026-11-22", {})},
        Case{"NOT_A_RESIDENT", MoveOut("", "2026-11-22", {})},
        Case{"DATE_INVALID", MoveOut("fumie", "", {})},
        Case{"DATE_INVALID", MoveOut("fumie", "2026-11-31", {})},
        Case{"OUTSIDE_THE_WINDOW", MoveOut("fumie", "2026-12-23", {})},
        Case{"OUTSIDE_THE_WINDOW", MoveOut("fumie", "2026-11-11", {})},
        Case{"DESTINATION_INVALID", here}, Case{"DESTINATION_INVALID", nowhere},
        Case{"DESTINATION_INVALID", odd},
        Case{"MOVER_UNKNOWN", MoveOut("fumie", "2026-11-22", {nobody})},
        Case{"MOVER_UNKNOWN", MoveOut("hanako", "2026-11-22", {herself})},
        Case{"MOVER_UNKNOWN",
             MoveOut("hanako", "2026-11-22", {Minato(), Minato()})}}) {
    EXPECT_EQ(ReasonOf(moves_.MoveOut(NewNotice(), c.request).status()),
              c.reason)
        << c.request.ShortDebugString();
  }
  EXPECT_EQ(Household("hanako", today_ + 60).members_size(), 3);
  EXPECT_EQ(residents_.FindHistory("hanako")->entries_size(), 1);
}

TEST_F(MoveEntriesTest, ANoticeCountsOnce) {
  const NotifyMoveOutRequest request = MoveOut("fumie", "2026-12-01", {});
  const auto first = moves_.MoveOut(NewNotice(), request);
  ASSERT_TRUE(first.ok());
  const auto retry = moves_.MoveOut(SameNotice(), request);
  ASSERT_TRUE(retry.ok()) << retry.status();
  EXPECT_EQ(retry->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(ReasonOf(moves_.MoveOut(NewNotice(), request).status()),
            "DATE_OUT_OF_ORDER");
  EXPECT_EQ(
      ReasonOf(moves_.MoveOut(NewNotice(), MoveOut("fumie", "2026-11-25", {}))
                   .status()),
      "DATE_OUT_OF_ORDER");
  EXPECT_EQ(residents_.FindHistory("fumie")->entries_size(), 2);
}

TEST_F(MoveEntriesTest, WhoWasAnnouncedTogetherBecomesAHousehold) {
  for (const auto& [subject, relation] :
       {std::pair{"child", Member::CHILD}, std::pair{"kenji", Member::HEAD}}) {
    ASSERT_TRUE(
        moves_
            .Announce(NewNotice("moving/desk"), Announcement(subject, relation))
            .ok());
  }
  EXPECT_FALSE(residents_.FindHousehold("kenji", today_).ok());
  const auto moved = moves_.MoveIn(NewNotice(), MoveIn("child"));
  ASSERT_TRUE(moved.ok()) << moved.status();
  ASSERT_EQ(moved->members_size(), 2);
  EXPECT_EQ(moved->members(0).subject(), "kenji");
  EXPECT_FALSE(moved->late());
  EXPECT_EQ(moved->etag(), Etag("kenji"));
  const auto household = Household("kenji", absl::CivilDay(2026, 11, 20));
  ASSERT_EQ(household.members_size(), 2);
  EXPECT_EQ(household.address(), "架空県あかつき市ひので町1番");
  EXPECT_EQ(household.move_in_date(), "2026-11-20");
  EXPECT_EQ(household.members(1).name(), "仮野　child");
  EXPECT_EQ(household.members(1).relation(), Member::CHILD);
  EXPECT_EQ(household.members(1).tax_municipality(), "yunagi");
  EXPECT_FALSE(
      residents_.FindHousehold("kenji", absl::CivilDay(2026, 11, 19)).ok());
  EXPECT_EQ(news_.told, (std::vector<std::string>{
                            "holds kenji", "moved_in kenji 2026-11-20",
                            "holds child", "moved_in child 2026-11-20"}));
  // Once is enough.
  EXPECT_EQ(ReasonOf(moves_.MoveIn(NewNotice(), MoveIn("kenji")).status()),
            "ALREADY_A_RESIDENT");
  EXPECT_EQ(ReasonOf(moves_
                         .Announce(NewNotice("moving/desk"),
                                   Announcement("kenji", Member::HEAD))
                         .status()),
            "ALREADY_A_RESIDENT");
}

TEST_F(MoveEntriesTest, NobodyMovesInUnannounced) {
  EXPECT_EQ(ReasonOf(moves_.MoveIn(NewNotice(), MoveIn("kenji")).status()),
            "NOT_ANNOUNCED");
  ASSERT_TRUE(moves_
                  .Announce(NewNotice("moving/desk"),
                            Announcement("kenji", Member::HEAD))
                  .ok());
  RegisterMoveInRequest early = MoveIn("kenji");
  early.set_move_date("2026-11-23");
  EXPECT_EQ(ReasonOf(moves_.MoveIn(NewNotice(), early).status()),
            "DATE_INVALID");
  RegisterMoveInRequest nowhere = MoveIn("kenji");
  nowhere.set_address(" ");
  EXPECT_EQ(ReasonOf(moves_.MoveIn(NewNotice(), nowhere).status()),
            "ADDRESS_INVALID");
  clock_.Advance(absl::Hours(24 * 13));  // 15 days after the move
  const auto late = moves_.MoveIn(NewNotice(), MoveIn("kenji"));
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_TRUE(late->late());
}

TEST_F(MoveEntriesTest, AnAnnouncementIsRefusedByWhatIsWrong) {
  const auto with = [](const char* reason, auto change) {
    AnnounceMoveInRequest request = Announcement("kenji", Member::HEAD);
    change(request);
    return std::pair(std::string(reason), request);
  };
  using R = AnnounceMoveInRequest;
  for (const auto& [reason, request] :
       {with("MOVE_ID_INVALID", [](R& r) { r.set_move_id("1"); }),
        with("DATE_INVALID", [](R& r) { r.set_move_date("soon"); }),
        with("OUTSIDE_THE_WINDOW", [](R& r) { r.set_move_date("2026-01-01"); }),
        with("ORIGIN_INVALID", [](R& r) { r.set_origin(""); }),
        with("ORIGIN_INVALID", [](R& r) { r.set_tax_municipality("あ"); }),
        with("NAME_INVALID", [](R& r) { r.set_name("x"); }),
        with("KANA_INVALID", [](R& r) { r.set_kana("かりの　けんじ"); }),
        with("SEX_INVALID", [](R& r) { r.set_sex(5); }),
        with("BIRTH_DATE_INVALID", [](R& r) { r.clear_birth_date(); }),
        with("RELATION_INVALID", [](R& r) { r.clear_relation(); })}) {
    EXPECT_EQ(
        ReasonOf(moves_.Announce(NewNotice("moving/desk"), request).status()),
        reason);
  }
  EXPECT_EQ(ReasonOf(moves_.MoveIn(NewNotice(), MoveIn("kenji")).status()),
            "NOT_ANNOUNCED");
}

TEST_F(MoveEntriesTest, WhoHasArrivedElsewhereIsHeldNoMore) {
  const auto arrived = [this](const char* subject, absl::CivilDay day) {
    news_.told.clear();
    EXPECT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      return moves_.ArrivedElsewhere(sql, subject, day);
                    })
                    .ok());
    return news_.told;
  };
  // It is not true of who lives here; of who has left it is.
  EXPECT_TRUE(arrived("fumie", today_).empty());
  ASSERT_TRUE(
      moves_.MoveOut(NewNotice(), MoveOut("fumie", "2026-12-01", {})).ok());
  EXPECT_TRUE(arrived("fumie", today_).empty());
  EXPECT_EQ(arrived("fumie", absl::CivilDay(2026, 12, 1)),
            std::vector<std::string>{"no more fumie"});
}

TEST_F(MoveEntriesTest, WhoComesBackHasTwoTimesHere) {
  ASSERT_TRUE(
      moves_.MoveOut(NewNotice(), MoveOut("fumie", "2026-11-22", {})).ok());
  clock_.Advance(absl::Hours(24 * 20));
  AnnounceMoveInRequest back = Announcement("fumie", Member::HEAD);
  back.set_move_date("2026-12-10");
  ASSERT_TRUE(moves_.Announce(NewNotice("moving/desk"), back).ok());
  RegisterMoveInRequest move = MoveIn("fumie");
  move.set_move_date("2026-12-10");
  ASSERT_TRUE(moves_.MoveIn(NewNotice(), move).ok());
  EXPECT_EQ(Household("fumie", today_ - 1).members_size(), 3);
  EXPECT_EQ(Household("fumie", today_ + 1).members_size(), 0);
  EXPECT_EQ(Household("fumie", today_ + 18).members_size(), 1);
  EXPECT_EQ(residents_.FindHistory("fumie")->entries_size(), 3);
}

}  // namespace
}  // namespace psm
