// 13. A write changes something, whatever becomes of the gateway: its intent is
// in the log before, and a retry changes nothing twice.
#include <csignal>
#include <thread>

#include "mesh/directory/directory.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using accounts::v1::AccountsService;
using RegisterReply = Reply<accounts::v1::RegisterAccountResponse>;

constexpr char kAccounts[] = "accounts/accounts";
constexpr char kTerminal[] = "portal/terminal";

class Writes : public Scenario {
 protected:
  static RegisterReply Register(const std::string& person,
                                const std::string& number,
                                const std::string& id) {
    accounts::v1::RegisterAccountRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    accounts::v1::Account& account = *request.mutable_account();
    account.set_bank_code("9990");
    account.set_branch_code("001");
    account.set_type(accounts::v1::Account::ORDINARY);
    account.set_number(number);
    account.set_holder_kana(mesh().Person(person).persona().kana());
    return mesh().Client(kTerminal).Call(
        &AccountsService::Stub::RegisterAccount,
        {.affair = "account-registration", .exchange_id = id}, request);
  }
  static std::size_t Count(const std::string& id, Record::Kind kind) {
    const auto records = mesh().Records({.exchange_id = id,
                                         .consumer = kTerminal,
                                         .person = "fumie",
                                         .kind = kind});
    return records.ok() ? records->size() : 0;
  }
};

TEST_F(Writes, AGatewayThatDiesHalfWayLeavesTheIntentAndARetryIsNoSecondWrite) {
  // Its connection stands before its answers are held back.
  AskAccount(mesh(), kBenefits, mesh().Person("fumie").CodeAt("akatsuki"));
  mesh().Slow(kAccounts, absl::Seconds(20));
  const std::string id = NewExchangeId();
  RegisterReply lost;
  std::thread asking([&] { lost = Register("fumie", "1234567", id); });
  EXPECT_TRUE(
      mesh().AwaitRecords({.exchange_id = id, .kind = Record::INTENT}).ok());
  ASSERT_TRUE(mesh().KillSystem(kGatewaySystem, SIGKILL).ok());
  asking.join();
  EXPECT_EQ(lost.status.code(), absl::StatusCode::kUnavailable) << lost.status;
  EXPECT_EQ(Count(id, Record::EXCHANGE), 0u);
  EXPECT_EQ(Count(id, Record::INTENT), 1u) << "what was begun is seen";

  mesh().Break(kAccounts);
  mesh().Mend(kAccounts);
  ASSERT_TRUE(mesh().StartSystem(kGatewaySystem).ok());
  RegisterReply again = Register("fumie", "1234567", id);
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(10);
  while (!again.status.ok() && mesh().clock().Monotonic() < deadline)
    again = Register("fumie", "1234567", id);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_FALSE(again->replaced()) << "it was registered twice";
  EXPECT_EQ(Count(id, Record::EXCHANGE), 1u);
  EXPECT_EQ(Count(id, Record::INTENT), 1u);

  // Another one does take its place; and the id opens nothing else.
  const RegisterReply other = Register("fumie", "7654321", NewExchangeId());
  ASSERT_TRUE(other.status.ok()) << other.status;
  EXPECT_TRUE(other->replaced());
  EXPECT_EQ(ReasonOf(Register("fumie", "1111111", id).status),
            "EXCHANGE_ID_REUSED");
}

TEST_F(Writes, WithAFullDiskTheProviderIsNotEvenAsked) {
  mesh().FillRecordsDisk();
  const std::string id = NewExchangeId();
  const RegisterReply refused = Register("taro", "1234567", id);
  EXPECT_EQ(ReasonOf(refused.status), "RECORD_NOT_DURABLE") << refused.status;
  mesh().FreeRecordsDisk();
  ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  const RegisterReply first = Register("taro", "1234567", id);
  ASSERT_TRUE(first.status.ok()) << first.status;
  EXPECT_FALSE(first->replaced()) << "it had been asked";
}

// The wife's account under the husband's name: the provider's own refusal.
TEST_F(Writes, WhatTheProviderRefusesHasItsIntentAndItsRefusal) {
  const std::string kana = mesh().Person("yoshiko").persona().kana();
  ASSERT_NE(kana, mesh().Person("taro").persona().kana());
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(mesh().Person("taro").CodeAt("portal"));
  accounts::v1::Account& account = *request.mutable_account();
  account.set_bank_code("9990");
  account.set_branch_code("001");
  account.set_type(accounts::v1::Account::ORDINARY);
  account.set_number("7654321");
  account.set_holder_kana(kana);
  const RegisterReply reply = mesh().Client(kTerminal).Call(
      &AccountsService::Stub::RegisterAccount,
      {.affair = "account-registration"}, request);
  EXPECT_EQ(ReasonOf(reply.status), "HOLDER_MISMATCH") << reply.status;
  const auto records = mesh().Records({.exchange_id = reply.exchange_id,
                                       .consumer = kTerminal,
                                       .person = "taro"});
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(records->front().kind(), Record::INTENT);
  EXPECT_EQ(records->back().kind(), Record::REFUSAL);
  EXPECT_EQ(records->back().reason(), "HOLDER_MISMATCH");
}

}  // namespace
}  // namespace psm::testing
