// 40. A move is heard of by those whom the law names: accounts and both tax
// offices, each under its own agreement, and each says so to the person.
// Nobody else hears.
#include <set>
#include <string>
#include <vector>

#include "psm/events/v1/events.grpc.pb.h"
#include "psm/moving/v1/moving.grpc.pb.h"
#include "psm/tax/v1/assessments.grpc.pb.h"
#include "tests/scenarios/lives.h"

namespace psm::testing {
namespace {

using residents::v1::Member;
using residents::v1::NoticesService;

constexpr char kAccountsSystem[] = "accounts/accounts";
constexpr char kAkatsukiTax[] = "akatsuki/tax";

class MoveHeard : public Lives {
 protected:
  static void SetUpTestSuite() {
    StartFollowed(
        {}, {"identity/identity", kAccountsSystem, kAkatsukiTax, kYunagiTax});
  }
  // A household's head and children move to the other town.
  static void Move(const std::string& person, const std::string& from,
                   const std::string& to) {
    const auto household = Household(from, person);
    ASSERT_TRUE(household.status.ok()) << household.status;
    moving::v1::StartMoveRequest notice;
    notice.set_subject(mesh().Person(person).CodeAt("portal"));
    notice.set_move_date(Today());
    notice.set_origin(from);
    notice.set_destination(to);
    for (const Member& member : household->members()) {
      if (member.subject() == mesh().Person(person).CodeAt(from)) continue;
      moving::v1::Companion& other = *notice.add_others();
      other.set_kana(member.kana());
      other.set_birth_date(member.birth_date());
    }
    const auto started = mesh().Client(kTerminal).Call(
        &moving::v1::MovingService::Stub::StartMove,
        {.affair = "one-stop-moving"}, notice);
    ASSERT_TRUE(started.status.ok()) << started.status;
    residents::v1::RegisterMoveInRequest arrival;
    arrival.set_subject(mesh().Person(person).CodeAt(to));
    arrival.set_move_date(Today());
    arrival.set_address("架空県ゆうなぎ市凪浜2丁目2番2号");
    const auto arrived = mesh()
                             .Client(to + "/counter")
                             .Call(&NoticesService::Stub::RegisterMoveIn,
                                   {.affair = "resident-register",
                                    .provider = to + "/residents"},
                                   arrival);
    ASSERT_TRUE(arrived.status.ok()) << arrived.status;
  }
  static auto Assessments(const std::string& person, const std::string& tax) {
    tax::v1::ListAssessmentsRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    return mesh().Client(kTerminal).Call(
        &tax::v1::AssessmentsService::Stub::ListAssessments,
        {.affair = "own-request", .provider = tax}, request);
  }
  static std::string MovedDate(const std::string& person) {
    accounts::v1::GetRegistrationRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    return mesh()
        .Client(kTerminal)
        .Call(&accounts::v1::AccountsService::Stub::GetRegistration,
              {.affair = "account-registration"}, request)
        ->moved_date();
  }
  // Who was delivered `moved_in` about the person.
  static std::set<std::string> Told(const std::string& person) {
    return ToldOf(mesh(), person, "moved_in");
  }
};

TEST_F(MoveHeard, AccountsAndBothTaxOfficesSaySoToThePerson) {
  ASSERT_TRUE(Assessments("misaki", kAkatsukiTax).status.ok());
  EXPECT_FALSE(Assessments("misaki", kAkatsukiTax)->has_competence());
  EXPECT_EQ(ReasonOf(Assessments("misaki", kYunagiTax).status),
            "NOT_A_TAXPAYER");
  EXPECT_EQ(MovedDate("misaki"), "");
  Move("misaki", "akatsuki", "yunagi");
  for (const auto& [consumer, agreement] :
       {std::pair<const char*, const char*>(kAccountsSystem,
                                            "accounts-life-events"),
        {kAkatsukiTax, "akatsuki-tax-moves"},
        {kYunagiTax, "yunagi-tax-moves"}}) {
    EXPECT_EQ(OnlyRecord(mesh(), {.consumer = consumer,
                                  .provider = "yunagi/residents",
                                  .method = "Subscribe",
                                  .person = "misaki",
                                  .kind = Record::EXCHANGE})
                  .agreement(),
              agreement);
  }
  const int next =
      static_cast<int>(DayInJapan(mesh().clock().Now()).year()) + 1;
  for (const char* tax : {kAkatsukiTax, kYunagiTax}) {
    ASSERT_TRUE(Await([&] {
      return Assessments("misaki", tax)->has_competence();
    })) << tax;
    const tax::v1::Competence competence =
        Assessments("misaki", tax)->competence();
    EXPECT_EQ(competence.move_date(), Today());
    EXPECT_EQ(competence.here(), tax == std::string(kYunagiTax)) << tax;
    // Unless it is 1 January today.
    if (Today().substr(5) != "01-01") {
      EXPECT_EQ(competence.first_fiscal_year(), next) << tax;
    }
  }
  EXPECT_TRUE(Await([] { return MovedDate("misaki") == Today(); }));
  // The account is paid into as before, under whatever code.
  EXPECT_EQ(Unpaid("misaki"), "");
  const std::set<std::string> told = Told("misaki");
  for (const std::string& consumer : told) {
    EXPECT_TRUE(consumer == kAccountsSystem || consumer == kAkatsukiTax ||
                consumer == kYunagiTax || consumer == "identity/identity" ||
                consumer == "akatsuki/residents" ||
                consumer == "yunagi/residents")
        << consumer;
  }
}

// Who collects arrears, and who pays benefits, would like to know, too.
TEST_F(MoveHeard, NobodyElseIsTold) {
  for (const auto& [consumer, affair] :
       {std::pair<const char*, const char*>(kBenefits, "residence-tax"),
        {kYunagiTax, "collect-arrears"},
        {kAkatsukiTax, "account-upkeep"}}) {
    events::v1::SubscribeRequest request;
    request.add_types("moved_in");
    const auto stub =
        events::v1::EventsService::NewStub(mesh().Client(consumer).Channel());
    grpc::ClientContext context;
    context.AddMetadata("psm-affair", affair);
    const auto stream = stub->Subscribe(&context, request);
    events::v1::SubscribeResponse response;
    EXPECT_FALSE(stream->Read(&response)) << consumer;
    EXPECT_EQ(stream->Finish().error_code(),
              grpc::StatusCode::PERMISSION_DENIED)
        << consumer << " " << affair;
  }
}

}  // namespace
}  // namespace psm::testing
