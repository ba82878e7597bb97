// 34. A private company hears of a move, because the person agreed to it: of
// hers, from then on, until she withdraws, and of nothing else.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "psm/bank/v1/customers.grpc.pb.h"
#include "psm/events/v1/events.grpc.pb.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "tests/scenarios/lives.h"

namespace psm::testing {
namespace {

using bank::v1::CustomersService;
using identity::v1::ConsentService;

constexpr char kBank[] = "hoshizora-bank/customers";
constexpr char kAffair[] = "customer-address";
constexpr char kEvents[] = "psm.events.v1.EventsService/Subscribe";
constexpr char kItems[] = "psm.identity.v1.BasicItemsService/GetBasicItems";

class ToldByConsent : public Lives {
 protected:
  static void SetUpTestSuite() {
    StartFollowed({}, {"identity/identity", kBank});
  }
  static std::string AtPortal() {
    return mesh().Person("hanako").CodeAt("portal");
  }
  static auto Grant(const std::string& method,
                    const std::vector<std::string>& attributes) {
    identity::v1::GrantConsentRequest request;
    request.set_subject(AtPortal());
    request.set_consumer(kBank);
    request.set_affair(kAffair);
    request.set_method(method);
    for (const std::string& attribute : attributes)
      request.add_attributes(attribute);
    return mesh().Client(kTerminal).Call(&ConsentService::Stub::GrantConsent,
                                         {.affair = "own-request"}, request);
  }
  static absl::Status Follow(const std::string& token) {
    bank::v1::FollowMovesRequest request;
    request.set_subject(AtPortal());
    request.set_consent_token(token);
    return mesh()
        .Client(kTerminal)
        .Call(&CustomersService::Stub::FollowMoves, {.affair = "own-request"},
              request)
        .status;
  }
  // The day of the move that the bank heard of; "" where it heard of none.
  static std::string MovedDate() {
    bank::v1::GetCustomerRequest request;
    request.set_subject(AtPortal());
    const auto file =
        mesh().Client(kTerminal).Call(&CustomersService::Stub::GetCustomer,
                                      {.affair = "own-request"}, request);
    EXPECT_TRUE(file.status.ok()) << file.status;
    return file->moved_date();
  }
  // Her whole household moves within the town. When identity has heard of it,
  // so has whoever may.
  static void Move(const std::string& address) {
    const std::size_t told = Told("identity/identity") + 1;
    const auto household = Household("akatsuki", "hanako");
    residents::v1::RegisterAddressChangeRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("akatsuki"));
    request.set_etag(household->etag());
    request.set_change_date(Today());
    request.set_address(address);
    const auto moved =
        mesh()
            .Client("akatsuki/counter")
            .Call(&residents::v1::NoticesService::Stub::RegisterAddressChange,
                  {.affair = "resident-register",
                   .provider = "akatsuki/residents"},
                  request);
    ASSERT_TRUE(moved.status.ok()) << moved.status;
    EXPECT_TRUE(Await([&] { return Told("identity/identity") >= told; }));
  }
  // Deliveries of her events that are recorded.
  static std::size_t Told(const std::string& consumer) {
    return mesh()
        .Records({.consumer = consumer,
                  .method = "Subscribe",
                  .person = "hanako",
                  .kind = Record::EXCHANGE})
        ->size();
  }
  // All deliveries of anybody's events to the bank.
  static std::size_t ToldBank() {
    return mesh()
        .Records({.consumer = kBank,
                  .method = "Subscribe",
                  .kind = Record::EXCHANGE})
        ->size();
  }
};

TEST_F(ToldByConsent, TheBankHearsOfHerMovesWhileSheAgrees) {
  Move("架空県あかつき市明野2丁目2番2号");
  // What has happened before is none of the bank's business.
  mesh().AdvanceClock(absl::Seconds(2));

  // What no agreement says, nobody can agree to.
  EXPECT_EQ(ReasonOf(Grant(kEvents, {"died"}).status), "CONSENT_NOT_POSSIBLE");
  const auto consent = Grant(kEvents, {"moved_in", "moved_within"});
  ASSERT_TRUE(consent.status.ok()) << consent.status;
  const auto other = Grant(kItems, {"address"});
  ASSERT_TRUE(other.status.ok()) << other.status;
  EXPECT_EQ(ToldBank(), 0u);
  EXPECT_EQ(MovedDate(), "");

  ASSERT_TRUE(Follow(consent->token()).ok());
  Move("架空県あかつき市明野4丁目4番4号");
  ASSERT_TRUE(Await([] { return MovedDate() == Today(); }));
  const auto told = mesh().AwaitRecords({.consumer = kBank,
                                         .method = "Subscribe",
                                         .person = "hanako",
                                         .kind = Record::EXCHANGE});
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->size(), 1u) << "not of what was before she agreed";
  EXPECT_EQ(told->front().consent_id(), consent->consent_id());
  EXPECT_EQ(told->front().agreement(), "hoshizora-bank-moves");
  EXPECT_EQ(Released(told->front()), std::vector<std::string>{"moved_within"});
  EXPECT_EQ(ToldBank(), 1u) << "her mother and her child moved, too";

  // With the other consent it asks for the address, and all is well again.
  bank::v1::UpdateAddressRequest update;
  update.set_subject(AtPortal());
  update.set_consent_token(other->token());
  ASSERT_TRUE(Await([&] {
    const auto updated =
        mesh().Client(kTerminal).Call(&CustomersService::Stub::UpdateAddress,
                                      {.affair = "own-request"}, update);
    return updated.status.ok() &&
           updated->address() == "架空県あかつき市明野4丁目4番4号";
  }));
  EXPECT_EQ(MovedDate(), "");

  // Her history names the consent.
  identity::v1::ListHistoryRequest question;
  question.set_subject(AtPortal());
  question.set_page_size(100);
  const auto history = mesh().Client(kTerminal).Call(
      &identity::v1::HistoryService::Stub::ListHistory,
      {.affair = "own-request"}, question);
  ASSERT_TRUE(history.status.ok()) << history.status;
  bool shown = false;
  for (const Record& record : history->records()) {
    shown |= record.consumer() == kBank &&
             record.consent_id() == consent->consent_id() &&
             Released(record) == std::vector<std::string>{"moved_within"};
  }
  EXPECT_TRUE(shown);

  // She withdraws; when that is answered, it holds.
  identity::v1::WithdrawConsentRequest withdraw;
  withdraw.set_subject(AtPortal());
  withdraw.set_consent_id(consent->consent_id());
  ASSERT_TRUE(mesh()
                  .Client(kTerminal)
                  .Call(&ConsentService::Stub::WithdrawConsent,
                        {.affair = "own-request"}, withdraw)
                  .status.ok());
  Move("架空県あかつき市明野5丁目5番5号");
  EXPECT_EQ(ToldBank(), 1u);
  EXPECT_EQ(MovedDate(), "");
}

// The other town publishes it, and the bank follows her, not a town.
TEST_F(ToldByConsent, TheBankHearsThatSheMovedToAnotherTown) {
  mesh().AdvanceClock(absl::Seconds(2));
  const auto consent = Grant(kEvents, {"moved_in", "moved_within"});
  ASSERT_TRUE(consent.status.ok()) << consent.status;
  ASSERT_TRUE(Follow(consent->token()).ok());
  const std::size_t told = ToldBank();
  moving::v1::StartMoveRequest move;
  move.set_subject(AtPortal());
  move.set_move_date(Today());
  move.set_origin("akatsuki");
  move.set_destination("yunagi");
  const std::string hers = mesh().Person("hanako").CodeAt("akatsuki");
  const auto household = Household("akatsuki", "hanako");
  ASSERT_TRUE(household.status.ok()) << household.status;
  for (const residents::v1::Member& member : household->members()) {
    if (member.subject() == hers) continue;
    moving::v1::Companion& other = *move.add_others();
    other.set_kana(member.kana());
    other.set_birth_date(member.birth_date());
  }
  const auto started = mesh().Client(kTerminal).Call(
      &moving::v1::MovingService::Stub::StartMove,
      {.affair = "one-stop-moving", .timeout = absl::Seconds(10)}, move);
  ASSERT_TRUE(started.status.ok()) << started.status;
  EXPECT_EQ(MovedDate(), "") << "she has not moved in yet";

  residents::v1::RegisterMoveInRequest arrival;
  arrival.set_subject(mesh().Person("hanako").CodeAt("yunagi"));
  arrival.set_move_date(Today());
  arrival.set_address("架空県ゆうなぎ市凪浜2丁目2番2号");
  const auto arrived =
      mesh()
          .Client("yunagi/counter")
          .Call(&residents::v1::NoticesService::Stub::RegisterMoveIn,
                {.affair = "resident-register", .provider = "yunagi/residents"},
                arrival);
  ASSERT_TRUE(arrived.status.ok()) << arrived.status;
  ASSERT_TRUE(Await([] { return MovedDate() == Today(); }));
  const auto deliveries = mesh().Records({.consumer = kBank,
                                          .method = "Subscribe",
                                          .person = "hanako",
                                          .kind = Record::EXCHANGE});
  ASSERT_FALSE(deliveries->empty());
  EXPECT_EQ(Released(deliveries->back()), std::vector<std::string>{"moved_in"});
  EXPECT_EQ(deliveries->back().consent_id(), consent->consent_id());
  EXPECT_EQ(deliveries->back().provider(), "yunagi/residents");
  EXPECT_EQ(ToldBank(), told + 1) << "her mother and her child moved, too";
}

TEST_F(ToldByConsent, AStolenTokenTellsTheThiefNothing) {
  const auto consent = Grant(kEvents, {"moved_in", "moved_within"});
  ASSERT_TRUE(consent.status.ok()) << consent.status;
  // A tax office has no agreement about moves, whatever it presents.
  events::v1::SubscribeRequest request;
  request.add_consents(consent->token());
  const auto stub =
      events::v1::EventsService::NewStub(mesh().Client(kYunagiTax).Channel());
  grpc::ClientContext context;
  context.AddMetadata("psm-affair", kAffair);
  const auto stream = stub->Subscribe(&context, request);
  events::v1::SubscribeResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace psm::testing
