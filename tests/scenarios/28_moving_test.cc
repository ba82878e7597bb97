// 28. A mother and her child move to the next town: one notice, two
// municipalities, and what each of them may then be asked.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "mesh/base/japan_time.h"
#include "psm/events/v1/events.grpc.pb.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "psm/residents/v1/notices.grpc.pb.h"
#include "psm/residents/v1/residents.grpc.pb.h"
#include "services/residents/notice_rules.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using moving::v1::MovingService;
using residents::v1::Member;
using residents::v1::NoticesService;
using residents::v1::ResidentsService;

constexpr char kTerminal[] = "portal/terminal";
constexpr char kMovingAffair[] = "one-stop-moving";
constexpr char kRegisterAffair[] = "resident-register";

// A school board that hears of who leaves and of who does not after all.
constexpr char kSchools[] = R"text(
agencies {
  id: "schools" name { ja: "教育委員会" en: "School board" }
  kind: ADMINISTRATIVE
}
systems { id: "schools/desk" name { ja: "窓口" en: "desk" } }
agreements {
  id: "schools-moves"
  version: 1
  consumer: "schools/desk"
  affair: "one-stop-moving"
  statute { ja: "学校教育法施行令(架空の扱い)" en: "School Order (fictitious)" }
  events { types: ["moved_out", "move_out_withdrawn"] }
  valid_from: "2026-01-01"
}
)text";

class Moving : public Scenario {
 protected:
  static void SetUpTestSuite() {
    MeshOptions options;
    options.agreements = kSchools;
    StartMesh(options);
  }
  static std::string Today() {
    return absl::FormatCivilTime(DayInJapan(mesh().clock().Now()));
  }
  // A town's own counter asks its register.
  static auto Household(const std::string& town, const std::string& person,
                        const std::string& day = "") {
    residents::v1::GetHouseholdRequest request;
    request.set_subject(mesh().Person(person).CodeAt(town));
    request.set_as_of_date(day);
    return mesh()
        .Client(town + "/counter")
        .Call(&ResidentsService::Stub::GetHousehold,
              {.affair = kRegisterAffair, .provider = town + "/residents"},
              request);
  }
  static moving::v1::StartMoveRequest Notice() {
    moving::v1::StartMoveRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_move_date(Today());
    request.set_origin("akatsuki");
    request.set_destination("yunagi");
    return request;
  }
  static auto Start(const moving::v1::StartMoveRequest& request,
                    const std::string& id,
                    absl::Duration timeout = absl::Seconds(10)) {
    return mesh().Client(kTerminal).Call(
        &MovingService::Stub::StartMove,
        {.affair = kMovingAffair, .exchange_id = id, .timeout = timeout},
        request);
  }
  static auto Withdraw(const std::string& person, const std::string& move_id,
                       const std::string& id = NewExchangeId(),
                       absl::Duration timeout = absl::Seconds(10)) {
    moving::v1::WithdrawMoveRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_move_id(move_id);
    return mesh().Client(kTerminal).Call(
        &MovingService::Stub::WithdrawMove,
        {.affair = kMovingAffair, .exchange_id = id, .timeout = timeout},
        request);
  }
  // Hanako's notice, for herself and the child of her household.
  static moving::v1::StartMoveRequest NoticeWithMinato() {
    moving::v1::StartMoveRequest notice = Notice();
    const auto before = Household("akatsuki", "hanako");
    EXPECT_TRUE(before.status.ok()) << before.status;
    const std::string minato = mesh().Person("minato").CodeAt("akatsuki");
    for (const Member& member : before->members()) {
      if (member.subject() != minato) continue;
      moving::v1::Companion& child = *notice.add_others();
      child.set_kana(member.kana());
      child.set_birth_date(member.birth_date());
    }
    EXPECT_EQ(notice.others_size(), 1);
    return notice;
  }
  static auto Agree(const std::string& head, const std::string& kana,
                    const std::string& birth_date) {
    residents::v1::AgreeToJoinRequest request;
    request.set_subject(mesh().Person(head).CodeAt("portal"));
    residents::v1::Joiner& joiner = *request.add_joiners();
    joiner.set_kana(kana);
    joiner.set_birth_date(birth_date);
    joiner.set_relation(Member::PARENT);
    return mesh().Client(kTerminal).Call(
        &NoticesService::Stub::AgreeToJoin,
        {.affair = kRegisterAffair, .provider = "yunagi/residents"}, request);
  }
  static auto MoveIn(const std::string& counter, const std::string& subject,
                     const std::string& join_agreement = "") {
    residents::v1::RegisterMoveInRequest request;
    request.set_subject(subject);
    request.set_move_date(Today());
    request.set_join_agreement(join_agreement);
    if (join_agreement.empty())
      request.set_address("架空県ゆうなぎ市凪浜2丁目2番2号");
    return mesh().Client(counter).Call(
        &NoticesService::Stub::RegisterMoveIn,
        {.affair = kRegisterAffair, .provider = "yunagi/residents"}, request);
  }
};

TEST_F(Moving, AMoveThatIsOffIsWithdrawnAtBothTownsAndWhoHeardHears) {
  const std::unique_ptr<grpc::ClientContext> terms =
      mesh()
          .Client("schools/desk")
          .Context({.affair = kMovingAffair, .timeout = absl::Seconds(60)});
  events::v1::EventsService::Stub stub(mesh().Client("schools/desk").Channel());
  const auto stream =
      stub.Subscribe(terms.get(), events::v1::SubscribeRequest());
  events::v1::SubscribeResponse heard;
  ASSERT_TRUE(stream->Read(&heard));

  moving::v1::StartMoveRequest notice = NoticeWithMinato();
  notice.set_move_date(
      absl::FormatCivilTime(DayInJapan(mesh().clock().Now()) + 5));
  const auto started = Start(notice, NewExchangeId());
  ASSERT_TRUE(started.status.ok()) << started.status;
  const std::string move = started->move_id();
  // Whom the next two messages are about, and that they are of that type.
  const auto next_two = [&](const std::string& type) {
    std::vector<std::string> subjects;
    for (int i = 0; i < 2 && stream->Read(&heard); ++i) {
      EXPECT_EQ(heard.event().type(), type);
      EXPECT_EQ(heard.event().effective_date(), notice.move_date());
      subjects.push_back(heard.event().subject());
    }
    std::sort(subjects.begin(), subjects.end());
    return subjects;
  };
  const std::vector<std::string> left = next_two("moved_out");
  ASSERT_EQ(left.size(), 2u);

  // Not by who only moves along, nor by a stranger.
  EXPECT_EQ(ReasonOf(Withdraw("minato", move).status), "NOT_THE_APPLICANT");
  const auto strange = Withdraw("taro", move);
  EXPECT_EQ(ReasonOf(strange.status), "MOVE_UNKNOWN");
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = strange.exchange_id,
                                .consumer = kTerminal,
                                .kind = Record::REFUSAL})
                .reason(),
            "MOVE_UNKNOWN");

  // The town left is away: nothing is withdrawn; made again, it gets through.
  const std::string id = NewExchangeId();
  mesh().Break("akatsuki/residents");
  EXPECT_FALSE(Withdraw("hanako", move, id, absl::Seconds(1)).status.ok());
  mesh().Mend("akatsuki/residents");
  const auto withdrawn = Withdraw("hanako", move, id);
  ASSERT_TRUE(withdrawn.status.ok()) << withdrawn.status;
  EXPECT_EQ(next_two("move_out_withdrawn"), left)
      << "whoever heard of the one hears of the other";
  terms->TryCancel();

  // All is as before, and the register knows what was; nobody is announced.
  EXPECT_EQ(Household("akatsuki", "hanako", notice.move_date())->members_size(),
            3);
  EXPECT_EQ(ReasonOf(MoveIn("yunagi/counter",
                            mesh().Person("hanako").CodeAt("yunagi"))
                         .status),
            "NOT_ANNOUNCED");
  const auto again = Withdraw("hanako", move);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again->SerializeAsString(), withdrawn->SerializeAsString());
  // The register's look at whom it is about shows in the history of each; the
  // deed in hers who asked for it.
  for (const auto& [person, times] :
       {std::pair{"hanako", 2u}, std::pair{"minato", 1u}}) {
    const auto records = mesh().AwaitRecords(
        {.consumer = "moving/desk",
         .provider = "akatsuki/residents",
         .method = "psm.residents.v1.NoticesService/WithdrawMoveOut",
         .person = person,
         .kind = Record::EXCHANGE});
    ASSERT_TRUE(records.ok()) << records.status();
    EXPECT_EQ(records->size(), times) << person;
  }
}

TEST_F(Moving, AMotherAndHerChildMoveWithOneNotice) {
  const auto before = Household("akatsuki", "hanako");
  ASSERT_TRUE(before.status.ok()) << before.status;
  ASSERT_EQ(before->members_size(), 3);
  const moving::v1::StartMoveRequest notice = NoticeWithMinato();
  const auto announced_before = mesh().Records(
      {.consumer = "moving/desk",
       .provider = "yunagi/residents",
       .method = "psm.residents.v1.NoticesService/AnnounceMoveIn",
       .person = "minato",
       .kind = Record::EXCHANGE});
  ASSERT_TRUE(announced_before.ok());

  // The new town is away: nobody has moved out yet. Made again, the notice gets
  // through.
  const std::string id = NewExchangeId();
  mesh().Break("yunagi/residents");
  EXPECT_FALSE(Start(notice, id, absl::Seconds(1)).status.ok());
  EXPECT_EQ(Household("akatsuki", "hanako")->members_size(), 3);
  mesh().Mend("yunagi/residents");
  const auto started = Start(notice, id);
  ASSERT_TRUE(started.status.ok()) << started.status;
  ASSERT_EQ(started->persons_size(), 2);
  EXPECT_EQ(started->persons(0).subject(),
            mesh().Person("hanako").CodeAt("portal"));
  EXPECT_EQ(started->persons(1).subject(),
            mesh().Person("minato").CodeAt("portal"));

  // Each of them can see who handed over what about him to whom.
  for (const char* person : {"hanako", "minato"}) {
    const auto announced = mesh().AwaitRecords(
        {.consumer = "moving/desk",
         .provider = "yunagi/residents",
         .method = "psm.residents.v1.NoticesService/AnnounceMoveIn",
         .person = person,
         .kind = Record::EXCHANGE});
    ASSERT_TRUE(announced.ok()) << announced.status();
    EXPECT_EQ(announced->size(), announced_before->size() + 1) << person;
  }

  // Announced is not arrived.
  EXPECT_EQ(ReasonOf(Household("yunagi", "hanako").status), "NOT_A_RESIDENT");
  const auto arrived =
      MoveIn("yunagi/counter", mesh().Person("minato").CodeAt("yunagi"));
  ASSERT_TRUE(arrived.status.ok()) << arrived.status;
  EXPECT_EQ(arrived->members_size(), 2);
  EXPECT_FALSE(arrived->late());

  const auto there = Household("yunagi", "minato");
  ASSERT_TRUE(there.status.ok()) << there.status;
  ASSERT_EQ(there->members_size(), 2);
  EXPECT_EQ(there->members(0).subject(),
            mesh().Person("hanako").CodeAt("yunagi"));
  EXPECT_EQ(there->members(0).relation(), Member::HEAD);
  EXPECT_EQ(there->members(1).relation(), Member::CHILD);
  EXPECT_EQ(there->members(1).tax_municipality(),
            before->members(0).tax_municipality());
  EXPECT_EQ(there->etag(), arrived->etag());

  // The old town has its history, and the grandmother, who is head now.
  EXPECT_EQ(ReasonOf(Household("akatsuki", "hanako").status), "NOT_A_RESIDENT");
  const auto left = Household("akatsuki", "fumie");
  ASSERT_EQ(left->members_size(), 1);
  EXPECT_EQ(left->members(0).relation(), Member::HEAD);
  EXPECT_EQ(
      Household("akatsuki", "hanako",
                absl::FormatCivilTime(DayInJapan(mesh().clock().Now()) - 1))
          ->members_size(),
      3);

  // Who lives there withdraws nothing.
  const auto late = Withdraw("hanako", started->move_id());
  EXPECT_EQ(ReasonOf(late.status), "ALREADY_MOVED_IN");
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = late.exchange_id,
                                .consumer = kTerminal,
                                .kind = Record::REFUSAL})
                .reason(),
            "ALREADY_MOVED_IN");
  EXPECT_EQ(Household("yunagi", "hanako")->members_size(), 2);
}

// The grandmother follows, into the household that is there: not without its
// head.
TEST_F(Moving, AGrandmotherMovesInWithHerDaughterWhoAgrees) {
  const auto home = Household("akatsuki", "fumie");
  ASSERT_TRUE(home.status.ok()) << home.status;
  ASSERT_EQ(home->members_size(), 1) << "after the others have moved";
  const Member& fumie = home->members(0);
  moving::v1::StartMoveRequest notice = Notice();
  notice.set_subject(mesh().Person("fumie").CodeAt("portal"));
  const auto started = Start(notice, NewExchangeId());
  ASSERT_TRUE(started.status.ok()) << started.status;
  const std::string code = mesh().Person("fumie").CodeAt("yunagi");

  EXPECT_EQ(ReasonOf(MoveIn("yunagi/counter", code, NewExchangeId()).status),
            "JOIN_NOT_AGREED");
  EXPECT_EQ(ReasonOf(Agree("minato", fumie.kana(), fumie.birth_date()).status),
            "NOT_HEAD");
  EXPECT_EQ(ReasonOf(Agree("taro", fumie.kana(), fumie.birth_date()).status),
            "NOT_A_RESIDENT");
  const auto other = Agree("hanako", "カリノ　ケンジ", fumie.birth_date());
  ASSERT_TRUE(other.status.ok()) << other.status;
  EXPECT_EQ(
      ReasonOf(MoveIn("yunagi/counter", code, other->join_agreement()).status),
      "JOIN_NOT_AGREED")
      << "she agreed to somebody else";

  const auto agreed = Agree("hanako", fumie.kana(), fumie.birth_date());
  ASSERT_TRUE(agreed.status.ok()) << agreed.status;
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = agreed.exchange_id,
                                .consumer = kTerminal,
                                .person = "hanako",
                                .kind = Record::EXCHANGE})
                .agreement(),
            "portal-terminal-notices");
  const auto arrived = MoveIn("yunagi/counter", code, agreed->join_agreement());
  ASSERT_TRUE(arrived.status.ok()) << arrived.status;
  EXPECT_EQ(arrived->members_size(), 1);
  const auto there = Household("yunagi", "fumie");
  ASSERT_EQ(there->members_size(), 3);
  EXPECT_EQ(there->members(0).subject(),
            mesh().Person("hanako").CodeAt("yunagi"))
      << "head as before";
  for (const Member& member : there->members()) {
    if (member.subject() != code) continue;
    EXPECT_EQ(member.relation(), Member::PARENT);
  }
}

TEST_F(Moving, NobodyMovesSomebodyElse) {
  // A stranger is no companion.
  moving::v1::StartMoveRequest with_stranger = Notice();
  moving::v1::Companion& stranger = *with_stranger.add_others();
  stranger.set_kana("カリノ　ケンジ");
  stranger.set_birth_date("1974-02-24");
  const auto refused = Start(with_stranger, NewExchangeId());
  EXPECT_FALSE(refused.status.ok());

  // A clerk of one town enters nothing in the other's register.
  const auto foreign =
      MoveIn("akatsuki/counter", mesh().Person("taro").CodeAt("akatsuki"));
  EXPECT_EQ(ReasonOf(foreign.status), "NO_AGREEMENT");
  // Nobody arrives whom nobody has announced.
  const auto unannounced =
      MoveIn("yunagi/counter", mesh().Person("taro").CodeAt("yunagi"));
  EXPECT_EQ(ReasonOf(unannounced.status), "NOT_ANNOUNCED");
  // A tax office gives no notice, and its attempt is recorded.
  residents::v1::NotifyMoveOutRequest notice;
  notice.set_subject(mesh().Person("taro").CodeAt("yunagi"));
  notice.set_move_date(Today());
  notice.set_destination("yunagi");
  const auto attempt =
      mesh()
          .Client(kYunagiTax)
          .Call(&NoticesService::Stub::NotifyMoveOut,
                {.affair = "collect-arrears", .provider = "akatsuki/residents"},
                notice);
  EXPECT_EQ(ReasonOf(attempt.status), "NO_AGREEMENT");
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = attempt.exchange_id}).kind(),
            Record::REFUSAL);
}

}  // namespace
}  // namespace psm::testing
