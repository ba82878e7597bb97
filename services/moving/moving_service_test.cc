#include "services/moving/moving_service.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm::moving {
namespace {

using residents::v1::AnnounceMoveInRequest;
using residents::v1::Member;
using residents::v1::NotifyMoveOutRequest;
using residents::v1::NotifyMoveOutResponse;

constexpr char kExchange[] = "00000000-0000-4000-8000-00000000000a";
constexpr char kWithdrawal[] = "00000000-0000-4000-8000-00000000000b";

absl::Status Away() {
  return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                   Party::kProvider, "away");
}

// Two registers that remember each exchange, as the real ones do.
class FakeMunicipalities final : public Municipalities {
 public:
  absl::Status Reach(const agency::CallContext&, absl::string_view municipality,
                     const std::string&, const std::string&) override {
    asked.push_back(absl::StrCat("reach ", municipality));
    return reach;
  }
  absl::StatusOr<NotifyMoveOutResponse> NotifyMoveOut(
      const agency::CallContext&, absl::string_view municipality,
      const std::string& exchange_id,
      const NotifyMoveOutRequest& request) override {
    asked.push_back(absl::StrCat("move out ", municipality));
    notice = request;
    move_out_exchanges.insert(exchange_id);
    if (!move_out.ok()) return move_out;
    NotifyMoveOutResponse certificate;
    for (const char* person : {"hanako", "minato"}) {
      residents::v1::MovingPerson& moving = *certificate.add_persons();
      moving.set_subject(person);
      moving.set_name(absl::StrCat("青空　", person));
      moving.set_kana("アオゾラ　テスト");
      moving.set_birth_date("1988-07-07");
      moving.set_sex(2);
      moving.set_relation(person == std::string("hanako") ? Member::HEAD
                                                          : Member::CHILD);
      moving.set_tax_municipality("yunagi");
    }
    return certificate;
  }
  absl::Status AnnounceMoveIn(const agency::CallContext&,
                              absl::string_view municipality,
                              const std::string& exchange_id,
                              const AnnounceMoveInRequest& request) override {
    asked.push_back(absl::StrCat("announce ", municipality));
    if (refusals.count(request.subject()) > 0)
      return refusals.at(request.subject());
    announced[exchange_id] = request;
    return absl::OkStatus();
  }

  absl::Status WithdrawAnnouncement(
      const agency::CallContext&, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::WithdrawAnnouncementRequest& request) override {
    asked.push_back(absl::StrCat("withdraw announcement ", municipality, " ",
                                 request.move_id()));
    withdrawal_exchanges.insert(exchange_id);
    return unannounce;
  }
  absl::Status WithdrawMoveOut(
      const agency::CallContext&, absl::string_view municipality,
      const std::string& exchange_id,
      const residents::v1::WithdrawMoveOutRequest& request) override {
    asked.push_back(absl::StrCat(
        request.validate_only() ? "look at move-out " : "withdraw move-out ",
        municipality, " ", request.move_date()));
    withdrawal_exchanges.insert(exchange_id);
    withdrawn_notice = request.notice_exchange_id();
    return request.validate_only() ? look : undo;
  }

  absl::Status reach, move_out, look, unannounce, undo;
  std::set<std::string> withdrawal_exchanges;
  std::map<std::string, absl::Status> refusals;  // by subject
  std::vector<std::string> asked;
  NotifyMoveOutRequest notice;
  std::set<std::string> move_out_exchanges;
  std::string withdrawn_notice;  // by the exchange that gave it
  std::map<std::string, AnnounceMoveInRequest> announced;  // by exchange
};

class MovingServiceTest : public testing::Test {
 protected:
  static v1::StartMoveRequest Notice() {
    v1::StartMoveRequest request;
    request.set_subject("hanako");
    request.set_move_date("2026-12-01");
    request.set_origin("akatsuki");
    request.set_destination("yunagi");
    v1::Companion& child = *request.add_others();
    child.set_kana("アオゾラ　ミナト");
    child.set_birth_date("2017-04-21");
    return request;
  }
  absl::Status Start(const v1::StartMoveRequest& request) {
    agency::FakeCall call("portal/terminal", "one-stop-moving", {"move"},
                          kExchange);
    response_.Clear();
    return agency::FromGrpc(
        service_.StartMove(call.context(), &request, &response_));
  }
  // Of the move that was started last.
  absl::StatusOr<v1::WithdrawMoveResponse> Withdraw(
      const std::string& subject, const std::string& exchange = kWithdrawal) {
    agency::FakeCall call("portal/terminal", "one-stop-moving", {}, exchange);
    v1::WithdrawMoveRequest request;
    request.set_subject(subject);
    request.set_move_id(response_.move_id());
    v1::WithdrawMoveResponse withdrawn;
    const absl::Status status = agency::FromGrpc(
        service_.WithdrawMove(call.context(), &request, &withdrawn));
    if (!status.ok()) return status;
    return withdrawn;
  }
  v1::ListMovesResponse Moves(const std::string& subject,
                              const std::vector<std::string>& attributes) {
    agency::FakeCall call("portal/terminal", "one-stop-moving", attributes);
    v1::ListMovesRequest request;
    request.set_subject(subject);
    v1::ListMovesResponse moves;
    EXPECT_TRUE(service_.ListMoves(call.context(), &request, &moves).ok());
    return moves;
  }

  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ =
      agency::Database::Open(folder_.File("moving.sqlite"),
                             MoveStore::Migrations())
          .value();
  MoveStore store_{database_.get()};
  FakeMunicipalities municipalities_;
  ManualClock clock_{absl::FromUnixSeconds(1'795'000'000)};
  MovingService service_{&store_, &municipalities_, &clock_};
  v1::StartMoveResponse response_;
};

TEST_F(MovingServiceTest, OneNoticeReachesBothMunicipalities) {
  ASSERT_TRUE(Start(Notice()).ok());
  EXPECT_EQ(municipalities_.asked,
            (std::vector<std::string>{"reach yunagi", "move out akatsuki",
                                      "announce yunagi", "announce yunagi"}));
  EXPECT_EQ(municipalities_.notice.destination(), "yunagi");
  EXPECT_EQ(municipalities_.notice.others(0).kana(), "アオゾラ　ミナト");
  ASSERT_EQ(response_.persons_size(), 2);
  EXPECT_EQ(response_.persons(1).subject(), "minato");
  ASSERT_EQ(municipalities_.announced.size(), 2U);
  for (const auto& [exchange, announcement] : municipalities_.announced) {
    EXPECT_EQ(announcement.move_id(), response_.move_id());
    EXPECT_EQ(announcement.origin(), "akatsuki");
    EXPECT_EQ(announcement.move_date(), "2026-12-01");
    EXPECT_EQ(announcement.name(),
              absl::StrCat("青空　", announcement.subject()));
    EXPECT_EQ(announcement.tax_municipality(), "yunagi");
  }
  for (const char* person : {"hanako", "minato"}) {
    const v1::ListMovesResponse moves = Moves(person, {"move"});
    ASSERT_EQ(moves.moves_size(), 1);
    EXPECT_EQ(moves.moves(0).destination(), "yunagi");
    EXPECT_EQ(moves.moves(0).persons(), 2);
    EXPECT_EQ(Moves(person, {}).moves_size(), 0);
  }
  EXPECT_EQ(Moves("fumie", {"move"}).moves_size(), 0);
}

TEST_F(MovingServiceTest, ANoticeThatFailedHalfWayIsFinishedByTheNext) {
  municipalities_.refusals["minato"] = Away();
  EXPECT_EQ(ReasonOf(Start(Notice())), "MUNICIPALITY_UNAVAILABLE");
  EXPECT_EQ(Moves("hanako", {"move"}).moves_size(), 0);
  municipalities_.refusals.clear();
  ASSERT_TRUE(Start(Notice()).ok());
  // The same exchanges as before: the registers know them.
  EXPECT_EQ(municipalities_.move_out_exchanges.size(), 1U);
  EXPECT_EQ(municipalities_.announced.size(), 2U);
  const std::size_t asked = municipalities_.asked.size();
  const std::string first = response_.SerializeAsString();
  ASSERT_TRUE(Start(Notice()).ok());
  EXPECT_EQ(response_.SerializeAsString(), first);
  EXPECT_EQ(municipalities_.asked.size(), asked);
  EXPECT_EQ(Moves("hanako", {"move"}).moves_size(), 1);
}

TEST_F(MovingServiceTest, NobodyMovesOutWhereTheNewMunicipalityIsNotThere) {
  municipalities_.reach = Away();
  EXPECT_EQ(ReasonOf(Start(Notice())), "MUNICIPALITY_UNAVAILABLE");
  municipalities_.reach = MakeError(absl::StatusCode::kPermissionDenied,
                                    "NO_AGREEMENT", Party::kConsumer, "no");
  EXPECT_EQ(ReasonOf(Start(Notice())), "MUNICIPALITY_INVALID");
  EXPECT_TRUE(municipalities_.move_out_exchanges.empty());
}

TEST_F(MovingServiceTest, WhatTheMunicipalityRefusesIsPassedOn) {
  for (const char* reason :
       {"NOT_A_RESIDENT", "DATE_INVALID", "OUTSIDE_THE_WINDOW", "MOVER_UNKNOWN",
        "HEAD_NEEDED", "DATE_OUT_OF_ORDER"}) {
    municipalities_.move_out =
        agency::Refusal(absl::StatusCode::kFailedPrecondition, reason, "no");
    EXPECT_EQ(ReasonOf(Start(Notice())), reason);
  }
  municipalities_.move_out = agency::Refusal(
      absl::StatusCode::kFailedPrecondition, "NO_AUTOMATIC_ANSWER", "no");
  EXPECT_EQ(ReasonOf(Start(Notice())), "NOT_ONLINE");
  municipalities_.move_out = absl::InternalError("青空花子 lives in akatsuki");
  const absl::Status odd = Start(Notice());
  EXPECT_EQ(ReasonOf(odd), "MUNICIPALITY_UNAVAILABLE");
  EXPECT_EQ(std::string(odd.message()).find("青空"), std::string::npos);
  EXPECT_TRUE(municipalities_.announced.empty());
}

TEST_F(MovingServiceTest, AMoveIsWithdrawnAtBothMunicipalities) {
  ASSERT_TRUE(Start(Notice()).ok());
  EXPECT_FALSE(Moves("hanako", {"move"}).moves(0).has_withdraw_time());
  municipalities_.asked.clear();
  const auto withdrawn = Withdraw("hanako");
  ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  EXPECT_EQ(municipalities_.asked,
            (std::vector<std::string>{
                "look at move-out akatsuki 2026-12-01",
                "withdraw announcement yunagi " + response_.move_id(),
                "withdraw move-out akatsuki 2026-12-01"}));
  EXPECT_EQ(std::set<std::string>{municipalities_.withdrawn_notice},
            municipalities_.move_out_exchanges);
  EXPECT_TRUE(Moves("minato", {"move"}).moves(0).has_withdraw_time());

  // What is withdrawn stays so, and nobody is asked again.
  const std::string until = Moves("hanako", {"move"}).SerializeAsString();
  const auto again = Withdraw("hanako", kExchange);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), withdrawn->SerializeAsString());
  EXPECT_EQ(municipalities_.asked.size(), 3U);
  EXPECT_EQ(Moves("hanako", {"move"}).SerializeAsString(), until);
}

TEST_F(MovingServiceTest, AWithdrawalThatFailedHalfWayIsFinishedByTheNext) {
  ASSERT_TRUE(Start(Notice()).ok());
  municipalities_.undo = Away();
  EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), "MUNICIPALITY_UNAVAILABLE");
  EXPECT_FALSE(Moves("hanako", {"move"}).moves(0).has_withdraw_time());
  municipalities_.undo = absl::OkStatus();
  ASSERT_TRUE(Withdraw("hanako").ok());
  EXPECT_EQ(municipalities_.withdrawal_exchanges.size(), 3U)
      << "the same exchanges as before";
}

TEST_F(MovingServiceTest, AWithdrawalIsRefusedByWhatIsWrong) {
  ASSERT_TRUE(Start(Notice()).ok());
  municipalities_.asked.clear();
  EXPECT_EQ(ReasonOf(Withdraw("fumie").status()), "MOVE_UNKNOWN");
  EXPECT_EQ(ReasonOf(Withdraw("minato").status()), "NOT_THE_APPLICANT");
  EXPECT_TRUE(municipalities_.asked.empty());
  const std::pair<const char*, const char*> kRefusals[] = {
      {"ALREADY_MOVED_IN", "ALREADY_MOVED_IN"},
      {"NOT_ANNOUNCED", "NOT_ONLINE"},
      {"NO_AUTOMATIC_ANSWER", "NOT_ONLINE"}};
  for (const auto& [theirs, ours] : kRefusals) {
    municipalities_.unannounce =
        agency::Refusal(absl::StatusCode::kFailedPrecondition, theirs, "no");
    municipalities_.asked.clear();
    EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), ours);
    EXPECT_EQ(municipalities_.asked.size(), 2U)
        << "the municipality left is only asked whether it would";
  }
}

// What the municipality left refuses leaves the announcement as it is.
TEST_F(MovingServiceTest, NobodyIsLeftBetweenTheTowns) {
  ASSERT_TRUE(Start(Notice()).ok());
  for (const auto& [theirs, ours] :
       {std::pair{"HOUSEHOLD_CHANGED", "HOUSEHOLD_CHANGED"},
        std::pair{"DATE_OUT_OF_ORDER", "NOT_ONLINE"},
        std::pair{"NOT_A_RESIDENT", "NOT_ONLINE"},
        std::pair{"MOVE_OUT_UNKNOWN", "NOT_ONLINE"}}) {
    municipalities_.look =
        agency::Refusal(absl::StatusCode::kFailedPrecondition, theirs, "no");
    municipalities_.asked.clear();
    EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), ours);
    EXPECT_EQ(municipalities_.asked.size(), 1U) << theirs;
  }
  municipalities_.look = absl::OkStatus();
  // What comes between the look and the deed is for a clerk.
  municipalities_.undo = agency::Refusal(absl::StatusCode::kFailedPrecondition,
                                         "HOUSEHOLD_CHANGED", "no");
  EXPECT_EQ(ReasonOf(Withdraw("hanako").status()), "HOUSEHOLD_CHANGED");
  EXPECT_FALSE(Moves("hanako", {"move"}).moves(0).has_withdraw_time());
}

TEST_F(MovingServiceTest, MunicipalitiesAreNamedByTheirIds) {
  for (const auto& [origin, destination] :
       {std::pair{"akatsuki", "akatsuki"}, std::pair{"", "yunagi"},
        std::pair{"akatsuki", ""}, std::pair{"akatsuki", "yunagi/residents"},
        std::pair{"Akatsuki", "yunagi"}, std::pair{"akatsuki", "yu\nnagi"}}) {
    v1::StartMoveRequest request = Notice();
    request.set_origin(origin);
    request.set_destination(destination);
    EXPECT_EQ(ReasonOf(Start(request)), "MUNICIPALITY_INVALID");
  }
  EXPECT_TRUE(municipalities_.asked.empty());
}

}  // namespace
}  // namespace psm::moving
