// 28. A mother and her child move to the next town: one notice, two
// municipalities, and what each of them may then be asked.
#include <string>

#include "mesh/base/japan_time.h"
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

class Moving : public Scenario {
 protected:
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
  static auto MoveIn(const std::string& counter, const std::string& subject) {
    residents::v1::RegisterMoveInRequest request;
    request.set_subject(subject);
    request.set_move_date(Today());
    request.set_address("架空県ゆうなぎ市凪浜2丁目2番2号");
    return mesh().Client(counter).Call(
        &NoticesService::Stub::RegisterMoveIn,
        {.affair = kRegisterAffair, .provider = "yunagi/residents"}, request);
  }
};

TEST_F(Moving, AMotherAndHerChildMoveWithOneNotice) {
  const auto before = Household("akatsuki", "hanako");
  ASSERT_TRUE(before.status.ok()) << before.status;
  ASSERT_EQ(before->members_size(), 3);
  const std::string minato = mesh().Person("minato").CodeAt("akatsuki");
  moving::v1::StartMoveRequest notice = Notice();
  for (const Member& member : before->members()) {
    if (member.subject() != minato) continue;
    moving::v1::Companion& child = *notice.add_others();
    child.set_kana(member.kana());
    child.set_birth_date(member.birth_date());
  }
  ASSERT_EQ(notice.others_size(), 1);

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
    EXPECT_EQ(announced->size(), 1u) << person;
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
