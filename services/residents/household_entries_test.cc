#include "services/residents/household_entries.h"

#include <string>
#include <vector>

#include "mesh/base/error.h"
#include "services/residents/test_register.h"

namespace psm {
namespace {

using residents::v1::AgreeToJoinRequest;
using residents::v1::Joiner;
using residents::v1::Member;
using residents::v1::RegisterEntry;

constexpr char kJoinedHome[] = "架空県あかつき市東雲台2丁目3番4号";
constexpr char kJoiningMove[] = "11111111-0000-4000-8000-000000000001";
constexpr char kJoinerKana[] = "カリノ　ケンジ";
constexpr char kJoinerBirth[] = "1985-05-05";

class HouseholdEntriesTest : public RegisterTest {
 protected:
  static Joiner Kenji(Member::Relation relation = Member::SPOUSE) {
    Joiner joiner;
    joiner.set_kana(kJoinerKana);
    joiner.set_birth_date(kJoinerBirth);
    joiner.set_relation(relation);
    return joiner;
  }
  absl::StatusOr<std::string> Agree(const std::vector<Joiner>& joiners,
                                    const std::string& head = "hanako") {
    AgreeToJoinRequest request;
    request.set_subject(head);
    for (const Joiner& joiner : joiners) *request.add_joiners() = joiner;
    auto agreed = households_.Agree(NewNotice("portal/terminal"), request);
    if (!agreed.ok()) return agreed.status();
    return agreed->join_agreement();
  }
  void Announce(const std::string& subject,
                const std::string& kana = kJoinerKana,
                const std::string& move = kJoiningMove) {
    residents::v1::AnnounceMoveInRequest request;
    request.set_subject(subject);
    request.set_move_id(move);
    request.set_move_date("2026-11-20");
    request.set_origin("yunagi");
    request.set_tax_municipality("yunagi");
    request.set_name("仮野　" + subject);
    request.set_kana(kana);
    request.set_birth_date(kJoinerBirth);
    request.set_sex(1);
    request.set_relation(Member::HEAD);
    const auto announced = moves_.Announce(NewNotice("moving/desk"), request);
    ASSERT_TRUE(announced.ok()) << announced.status();
  }
  absl::Status MoveIn(const std::string& agreement,
                      const std::string& address = "") {
    residents::v1::RegisterMoveInRequest request;
    request.set_subject("kenji");
    request.set_move_date("2026-11-20");
    request.set_address(address);
    request.set_join_agreement(agreement);
    return moves_.MoveIn(NewNotice(), request).status();
  }
  absl::Status Split(const std::string& head,
                     const std::vector<residents::v1::Mover>& others = {},
                     const std::string& day = "2026-11-22") {
    residents::v1::SplitHouseholdRequest request;
    request.set_subject(head);
    request.set_etag(Etag(head));
    request.set_change_date(day);
    for (const auto& other : others) *request.add_others() = other;
    return households_.Split(NewNotice(), request).status();
  }
  absl::Status Merge(const std::string& subject, const std::string& agreement,
                     const std::string& day = "2026-11-22") {
    residents::v1::MergeHouseholdsRequest request;
    request.set_subject(subject);
    request.set_etag(Etag(subject));
    request.set_change_date(day);
    request.set_join_agreement(agreement);
    return households_.Merge(NewNotice(), request).status();
  }
  static Joiner Fumie(Member::Relation relation = Member::PARENT) {
    Joiner joiner;
    joiner.set_kana("アオゾラ　フミエ");
    joiner.set_birth_date("1957-11-03");
    joiner.set_relation(relation);
    return joiner;
  }
  static residents::v1::Mover Minato() {
    residents::v1::Mover mover;
    mover.set_kana("アオゾラ　ミナト");
    mover.set_birth_date("2017-04-21");
    return mover;
  }
};

TEST_F(HouseholdEntriesTest, WhoComesJoinsTheHouseholdWhoseHeadAgreed) {
  const auto agreement = Agree({Kenji()});
  ASSERT_TRUE(agreement.ok()) << agreement.status();
  Announce("kenji");
  ASSERT_TRUE(MoveIn(*agreement, kJoinedHome).ok());
  const auto home = Household("kenji", today_);
  ASSERT_EQ(home.members_size(), 4);
  EXPECT_EQ(home.members(0).subject(), "hanako") << "she stays head";
  EXPECT_EQ(home.address(), kJoinedHome);
  for (const Member& member : home.members()) {
    if (member.subject() != "kenji") continue;
    EXPECT_EQ(member.relation(), Member::SPOUSE);
  }
  EXPECT_EQ(Household("kenji", absl::CivilDay(2026, 11, 19)).members_size(), 0);
  EXPECT_EQ(news_.told, (std::vector<std::string>{
                            "household_changed hanako 2026-11-20",
                            "household_changed fumie 2026-11-20",
                            "household_changed minato 2026-11-20",
                            "holds kenji", "moved_in kenji 2026-11-20"}));
  // His history says where he came to live.
  const auto history = residents_.FindHistory("kenji");
  ASSERT_EQ(history->entries_size(), 1);
  EXPECT_EQ(history->entries(0).changes(0).item(), "address");
  EXPECT_EQ(history->entries(0).changes(0).value(), kJoinedHome);
}

TEST_F(HouseholdEntriesTest, NobodyJoinsWithoutTheHead) {
  Announce("kenji");
  EXPECT_EQ(ReasonOf(MoveIn("none")), "JOIN_NOT_AGREED");
  EXPECT_EQ(ReasonOf(Agree({Kenji()}, "fumie").status()), "NOT_HEAD");
  EXPECT_EQ(ReasonOf(Agree({Kenji()}, "taro").status()), "NOT_A_RESIDENT");
  EXPECT_EQ(ReasonOf(MoveIn(*Agree({Fumie()}))), "JOIN_NOT_AGREED")
      << "somebody else was meant";
  EXPECT_EQ(ReasonOf(MoveIn(*Agree({Kenji()}), "架空県あかつき市ひので町1番")),
            "ADDRESS_INVALID");
  EXPECT_EQ(Household("kenji", today_).members_size(), 0);

  // Who gave it is head no longer.
  const std::string old_heads = *Agree({Kenji()});
  residents::v1::ChangeHeadRequest head;
  head.set_subject("fumie");
  head.set_etag(Etag("fumie"));
  head.set_change_date("2026-11-22");
  ASSERT_TRUE(families_.ChangeHead(NewNotice(), head).ok());
  EXPECT_EQ(ReasonOf(MoveIn(old_heads)), "JOIN_NOT_AGREED");
}

TEST_F(HouseholdEntriesTest, AllWhoComeAreAgreedOnOrNoneJoins) {
  Announce("kenji");
  Announce("child", "カリノ　ジロウ");
  EXPECT_EQ(ReasonOf(MoveIn(*Agree({Kenji()}))), "JOIN_NOT_AGREED");
  Joiner child = Kenji(Member::CHILD);
  child.set_kana("カリノ　ジロウ");
  ASSERT_TRUE(MoveIn(*Agree({Kenji(), child})).ok());
  EXPECT_EQ(Household("kenji", today_).members_size(), 5);
}

TEST_F(HouseholdEntriesTest, AnAgreementIsGoodOnceAndForThirtyDays) {
  const std::string first = *Agree({Kenji()});
  Announce("kenji");
  Announce("second", kJoinerKana, "11111111-0000-4000-8000-000000000002");
  clock_.Advance(absl::Hours(24 * 31));
  EXPECT_EQ(ReasonOf(MoveIn(first)), "JOIN_NOT_AGREED") << "too old";
  const std::string second = *Agree({Kenji()});
  clock_.Advance(absl::Hours(24 * 30));
  ASSERT_TRUE(MoveIn(second).ok()) << "on its last day";
  residents::v1::RegisterMoveInRequest again;
  again.set_subject("second");
  again.set_move_date("2026-11-20");
  again.set_join_agreement(second);
  EXPECT_EQ(ReasonOf(moves_.MoveIn(NewNotice(), again).status()),
            "JOIN_NOT_AGREED")
      << "used";
}

TEST_F(HouseholdEntriesTest, AnAgreementIsRefusedByWhatIsWrong) {
  Joiner odd = Kenji();
  odd.set_kana("Kenji");
  EXPECT_EQ(ReasonOf(Agree({odd}).status()), "KANA_INVALID");
  odd = Kenji();
  odd.set_birth_date("1985");
  EXPECT_EQ(ReasonOf(Agree({odd}).status()), "BIRTH_DATE_INVALID");
  EXPECT_EQ(ReasonOf(Agree({Kenji(Member::HEAD)}).status()),
            "RELATION_INVALID");
  EXPECT_EQ(ReasonOf(Agree({Kenji(Member::RELATION_UNSPECIFIED)}).status()),
            "RELATION_INVALID");
  EXPECT_EQ(ReasonOf(Agree({}).status()), "JOINERS_INVALID");
  EXPECT_EQ(ReasonOf(Agree({Kenji(), Kenji()}).status()), "JOINERS_INVALID");
}

TEST_F(HouseholdEntriesTest, AHouseholdSplitsAndBecomesOneAgain) {
  ASSERT_TRUE(Split("fumie").ok());
  const auto hers = Household("fumie", today_);
  ASSERT_EQ(hers.members_size(), 1);
  EXPECT_EQ(hers.members(0).relation(), Member::HEAD);
  EXPECT_EQ(hers.address(), kJoinedHome);
  EXPECT_EQ(hers.move_in_date(), "2026-03-20") << "nobody has moved";
  EXPECT_EQ(Household("hanako", today_).members_size(), 2);
  EXPECT_EQ(Household("fumie", today_ - 1).members_size(), 3);
  EXPECT_EQ(news_.told.size(), 3U);
  news_.told.clear();

  // hanako agrees to take her in again.
  EXPECT_EQ(ReasonOf(Merge("fumie", "none")), "JOIN_NOT_AGREED");
  EXPECT_EQ(ReasonOf(Merge("fumie", *Agree({Kenji()}))), "JOIN_NOT_AGREED");
  const std::string agreement = *Agree({Fumie()});
  ASSERT_TRUE(Merge("fumie", agreement).ok());
  const auto home = Household("hanako", today_);
  ASSERT_EQ(home.members_size(), 3);
  EXPECT_EQ(home.members(1).subject(), "fumie");
  EXPECT_EQ(home.members(1).relation(), Member::PARENT);
  EXPECT_EQ(news_.told.size(), 3U);
  EXPECT_EQ(ReasonOf(Merge("fumie", agreement)), "JOIN_NOT_AGREED") << "used";
  std::vector<RegisterEntry::Kind> kinds;
  const auto history = residents_.FindHistory("fumie");
  ASSERT_TRUE(history.ok()) << history.status();
  for (const RegisterEntry& entry : history->entries())
    kinds.push_back(entry.kind());
  EXPECT_EQ(kinds,
            (std::vector<RegisterEntry::Kind>{RegisterEntry::TAKEN_OVER,
                                              RegisterEntry::HOUSEHOLD_SPLIT,
                                              RegisterEntry::HOUSEHOLD_MERGE}));
}

TEST_F(HouseholdEntriesTest, ASplitIsRefusedByWhatIsWrong) {
  EXPECT_EQ(ReasonOf(Split("hanako")), "HEAD_NEEDED") << "two would stay";
  EXPECT_EQ(ReasonOf(Split("taro")), "NOT_A_RESIDENT");
  EXPECT_EQ(ReasonOf(Split("fumie", {Minato(), Minato()})), "MOVER_UNKNOWN");
  residents::v1::Mover fumie;
  fumie.set_kana("アオゾラ　フミエ");
  fumie.set_birth_date("1957-11-03");
  EXPECT_EQ(ReasonOf(Split("hanako", {Minato(), fumie})), "NOBODY_STAYS");
  residents::v1::SplitHouseholdRequest stale;
  stale.set_subject("fumie");
  stale.set_etag("stale");
  stale.set_change_date("2026-11-22");
  EXPECT_EQ(ReasonOf(households_.Split(NewNotice(), stale).status()),
            "ETAG_STALE");
  EXPECT_EQ(Household("hanako", today_).members_size(), 3);

  // Who stays alone is head without a word.
  ASSERT_TRUE(Split("hanako", {Minato()}).ok());
  EXPECT_EQ(Household("fumie", today_).members(0).relation(), Member::HEAD);
  const auto theirs = Household("hanako", today_);
  ASSERT_EQ(theirs.members_size(), 2);
  EXPECT_EQ(theirs.members(1).relation(), Member::CHILD);
}

// kenji came on the 20th; an entry of the 19th would leave him without a head.
TEST_F(HouseholdEntriesTest, AnEntryDatedBackLeavesNobodyBehindWhoCameSince) {
  ASSERT_TRUE(Split("fumie", {}, "2026-11-18").ok());
  const std::string agreement = *Agree({Kenji()}, "fumie");
  Announce("kenji");
  ASSERT_TRUE(MoveIn(agreement).ok());
  ASSERT_EQ(Household("fumie", today_).members_size(), 2);
  EXPECT_EQ(ReasonOf(Merge("fumie", *Agree({Fumie()}), "2026-11-19")),
            "DATE_OUT_OF_ORDER");
  ASSERT_TRUE(Merge("fumie", *Agree({Fumie(), Kenji()})).ok())
      << "on a day when he lives there";
  EXPECT_EQ(Household("kenji", today_).members_size(), 4);

  // Where the head goes it is the same; anybody else may.
  EXPECT_EQ(ReasonOf(Split("hanako", {Minato()}, "2026-11-19")),
            "DATE_OUT_OF_ORDER");
  residents::v1::NotifyMoveOutRequest leave;
  leave.set_subject("hanako");
  leave.set_move_date("2026-11-19");
  leave.set_destination("yunagi");
  *leave.add_others() = Minato();
  EXPECT_EQ(ReasonOf(moves_.MoveOut(NewNotice(), leave).status()),
            "DATE_OUT_OF_ORDER");
  leave.set_subject("minato");
  leave.clear_others();
  EXPECT_TRUE(moves_.MoveOut(NewNotice(), leave).ok());
}

// All of them moved on the 20th: an entry of the 19th leaves nobody behind at
// the address of before.
TEST_F(HouseholdEntriesTest, AnEntryDatedBackLeavesNobodyWhereTheyMovedFrom) {
  ASSERT_TRUE(Split("fumie", {}, "2026-11-18").ok());
  for (const char* head : {"hanako", "fumie"}) {
    residents::v1::RegisterAddressChangeRequest move;
    move.set_subject(head);
    move.set_etag(Etag(head));
    move.set_change_date("2026-11-20");
    move.set_address("架空県あかつき市明野1丁目1番");
    ASSERT_TRUE(families_.AddressChange(NewNotice(), move).ok());
  }
  EXPECT_EQ(ReasonOf(Split("minato", {}, "2026-11-19")), "DATE_OUT_OF_ORDER");
  EXPECT_EQ(ReasonOf(Merge("fumie", *Agree({Fumie()}), "2026-11-19")),
            "DATE_OUT_OF_ORDER");
  EXPECT_EQ(Household("minato", today_).members_size(), 2);
  EXPECT_TRUE(Split("minato", {}, "2026-11-20").ok());
  EXPECT_EQ(Household("minato", today_).address(),
            "架空県あかつき市明野1丁目1番");
  EXPECT_TRUE(Merge("fumie", *Agree({Fumie()}), "2026-11-20").ok());
}

TEST_F(HouseholdEntriesTest, HouseholdsAtTwoAddressesDoNotMerge) {
  ASSERT_TRUE(Split("fumie").ok());
  residents::v1::RegisterAddressChangeRequest move;
  move.set_subject("fumie");
  move.set_etag(Etag("fumie"));
  move.set_change_date("2026-11-22");
  move.set_address("架空県あかつき市ひので町1番");
  ASSERT_TRUE(families_.AddressChange(NewNotice(), move).ok());
  const std::string agreement = *Agree({Fumie()});
  EXPECT_EQ(ReasonOf(Merge("fumie", agreement)), "ADDRESS_DIFFERS");
  move.set_etag(Etag("fumie"));
  move.set_address(kJoinedHome);
  ASSERT_TRUE(families_.AddressChange(NewNotice(), move).ok());
  EXPECT_TRUE(Merge("fumie", agreement).ok()) << "and then they do";
}

}  // namespace
}  // namespace psm
