// 8. Nobody is asked twice: the numbers of the story, and who joins it.
#include <set>

#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/identity/v1/history.grpc.pb.h"
#include "psm/subjects/v1/subjects.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using benefits::v1::BenefitsService;
using subjects::v1::SubjectsService;

constexpr char kTerminal[] = "portal/terminal";

class OnceOnly : public Scenario {
 protected:
  static auto Apply(const std::string& person) {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_programme("tax-exempt-2026");
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::StartApplication, {.affair = "own-request"},
        request);
  }
  static auto Enrol(const std::string& system, const std::string& id) {
    return mesh().Client(system).Call(&SubjectsService::Stub::Enrol,
                                      {.exchange_id = id},
                                      subjects::v1::EnrolRequest());
  }
};

TEST_F(OnceOnly, FiveExchangesThreeCodesNothingTyped) {
  const auto reply = Apply("hanako");
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply->sources_size(), 5);
  for (const auto& field : reply->fields())
    EXPECT_NE(field.provider(), "") << field.field().id() << " was typed";
  std::set<std::string> exchanges;
  for (const auto& source : reply->sources()) {
    exchanges.insert(source.exchange_id());
    auto records = mesh().Records({.exchange_id = source.exchange_id(),
                                   .consumer = kBenefits,
                                   .provider = source.provider(),
                                   .kind = Record::EXCHANGE});
    ASSERT_FALSE(records->empty()) << source.ShortDebugString();
  }
  EXPECT_EQ(exchanges.size(), 5u);
  std::set<std::string> codes;
  for (const char* agency : {"akatsuki", "yunagi", "accounts"})
    codes.insert(mesh().Person("hanako").CodeAt(agency));
  EXPECT_EQ(codes.size(), 3u);
}

TEST_F(OnceOnly, TheTaxOfficeIsRefusedTheAccountAndSheCanReadThat) {
  const AccountReply refused =
      AskAccount(mesh(), kYunagiTax, mesh().Person("hanako").CodeAt("yunagi"),
                 "collect-arrears");
  EXPECT_EQ(ReasonOf(refused.status), "NO_AGREEMENT");
  identity::v1::ListHistoryRequest request;
  request.set_subject(mesh().Person("hanako").CodeAt("portal"));
  const auto history = mesh().Client(kTerminal).Call(
      &identity::v1::HistoryService::Stub::ListHistory,
      {.affair = "own-request"}, request);
  ASSERT_TRUE(history.status.ok()) << history.status;
  bool found = false;
  ASSERT_EQ(history->texts_size(), history->records_size());
  for (int i = 0; i < history->records_size(); ++i) {
    const Record& record = history->records(i);
    EXPECT_EQ(record.subject(), "") << "the log's own name of her stays inside";
    if (record.exchange_id() != refused.exchange_id) continue;
    found = true;
    const records::v1::RecordTexts& texts = history->texts(i);
    EXPECT_EQ(texts.consumer_agency().ja(), "ゆうなぎ市");
    EXPECT_EQ(texts.consumer_agency().en(), "Yunagi City");
    EXPECT_EQ(texts.affair().ja(), "住民税の滞納整理");
    EXPECT_EQ(texts.outcome().ja(),
              "これを認める連携協定がないため拒否されました");
    EXPECT_EQ(texts.outcome().en(), "refused: no agreement allows it");
    EXPECT_EQ(texts.basis().ja(), "");
  }
  EXPECT_TRUE(found);
}

TEST_F(OnceOnly, WhoIsNotHeadOfTheHouseholdCannotApplyForIt) {
  EXPECT_EQ(ReasonOf(Apply("fumie").status), "NOT_HEAD_OF_HOUSEHOLD");
}

TEST_F(OnceOnly, ARegisterEnrolsAPersonOnceHoweverOftenItAsks) {
  const std::string id = NewExchangeId();
  const auto first = Enrol("akatsuki/residents", id);
  ASSERT_TRUE(first.status.ok()) << first.status;
  EXPECT_NE(first->subject(), "");
  const auto again = Enrol("akatsuki/residents", id);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again->subject(), first->subject());
  const auto other = Enrol("akatsuki/residents", NewExchangeId());
  EXPECT_NE(other->subject(), first->subject());
  auto records =
      mesh().Records({.exchange_id = id, .consumer = "akatsuki/residents"});
  ASSERT_FALSE(records->empty());
  EXPECT_NE(records->front().subject(), first->subject())
      << "the log knows the person by a code of its own";
  // The new name is a name: benefits, of the same agency, may ask by it.
  const AccountReply account = AskAccount(mesh(), kBenefits, first->subject());
  EXPECT_EQ(ReasonOf(account.status), "ACCOUNT_NOT_REGISTERED");
}

TEST_F(OnceOnly, NobodyElseBringsPersonsIntoTheMesh) {
  for (const char* system : {"accounts/accounts", "hoshizora-bank/customers"}) {
    const auto reply = Enrol(system, NewExchangeId());
    EXPECT_EQ(ReasonOf(reply.status), "NOT_AN_ENROLLING_AGENCY") << system;
    EXPECT_EQ(reply->subject(), "");
    EXPECT_EQ(OnlyRecord(mesh(), {.consumer = system,
                                  .reason = "NOT_AN_ENROLLING_AGENCY"})
                  .kind(),
              Record::REFUSAL);
  }
}

}  // namespace
}  // namespace psm::testing
