// 13. A write changes something, whatever becomes of the gateway: its intent is
// in the log before, and a retry changes nothing twice.
#include <csignal>
#include <thread>

#include "mesh/directory/directory.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using accounts::v1::AccountsService;
using RegisterReply = Reply<accounts::v1::RegisterAccountResponse>;

constexpr char kAccounts[] = "accounts/accounts";
constexpr char kTerminal[] = "portal/terminal";
constexpr char kBank[] = "hoshizora-bank/customers";
constexpr char kCounter[] = "account-registration-bank-counter";
constexpr char kRegister[] = "psm.accounts.v1.AccountsService/RegisterAccount";

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

// What a person ticked in a tax return: the office brings the account, is told
// nothing of another, and the person sees by whom it came.
TEST_F(Writes, ATaxReturnBringsAnAccountWhereThePersonTickedIt) {
  accounts::v1::RegisterAccountRequest request;
  request.set_subject(mesh().Person("kenji").CodeAt("akatsuki"));
  accounts::v1::Account& account = *request.mutable_account();
  account.set_bank_code("9990");
  account.set_branch_code("003");
  account.set_type(accounts::v1::Account::ORDINARY);
  account.set_number("2223334");
  account.set_holder_kana(mesh().Person("kenji").persona().kana());
  const auto send = [&] {
    return mesh()
        .Client("akatsuki/tax")
        .Call(&AccountsService::Stub::RegisterAccount,
              {.affair = "account-registration-tax-return"}, request);
  };
  EXPECT_EQ(ReasonOf(send().status), "OPT_IN_MISSING");
  request.set_opted_in(true);
  const RegisterReply sent = send();
  ASSERT_TRUE(sent.status.ok()) << sent.status;
  EXPECT_FALSE(sent->replaced());
  EXPECT_EQ(sent->etag(), "");
  EXPECT_EQ(ReasonOf(mesh()
                         .Client("akatsuki/tax")
                         .Call(&AccountsService::Stub::RegisterAccount,
                               {.affair = "account-registration"}, request)
                         .status),
            "NO_AGREEMENT")
      << "the portal's channel";
  accounts::v1::GetRegistrationRequest question;
  question.set_subject(mesh().Person("kenji").CodeAt("portal"));
  const auto kept = mesh().Client(kTerminal).Call(
      &AccountsService::Stub::GetRegistration,
      {.affair = "account-registration"}, question);
  ASSERT_TRUE(kept.status.ok()) << kept.status;
  EXPECT_EQ(kept->registration().account().number(), "2223334");
  EXPECT_EQ(kept->registration().channel(),
            accounts::v1::Registration::TAX_RETURN);
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

// The bank's counter: the person hands over a consent, as identity issued it,
// and the bank goes through the gateway with it.
class BankCounter : public Scenario {
 protected:
  static identity::v1::GrantConsentResponse Grant(
      const std::string& person, const std::string& affair = kCounter,
      const std::string& method = kRegister,
      const std::string& attribute = "account") {
    identity::v1::GrantConsentRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    request.set_consumer(kBank);
    request.set_affair(affair);
    request.set_method(method);
    request.add_attributes(attribute);
    request.mutable_duration()->set_seconds(600);
    const auto reply = mesh().Client(kTerminal).Call(
        &identity::v1::ConsentService::Stub::GrantConsent,
        {.affair = "own-request"}, request);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    return reply.message;
  }
  static accounts::v1::RegisterAccountRequest Form(
      const std::string& holder, const std::string& number = "2345678") {
    accounts::v1::RegisterAccountRequest request;
    accounts::v1::Account& account = *request.mutable_account();
    account.set_bank_code("9990");
    account.set_branch_code("001");
    account.set_type(accounts::v1::Account::ORDINARY);
    account.set_number(number);
    account.set_holder_kana(mesh().Person(holder).persona().kana());
    return request;
  }
  static RegisterReply Register(
      const std::string& token,
      const accounts::v1::RegisterAccountRequest& request,
      const std::string& consumer = kBank,
      const std::string& id = NewExchangeId()) {
    return mesh().Client(consumer).Call(
        &AccountsService::Stub::RegisterAccount,
        {.affair = kCounter, .consent = token, .exchange_id = id}, request);
  }
  // The number of the account that the person has; "" for none.
  static std::string NumberOf(const std::string& person) {
    accounts::v1::GetRegistrationRequest request;
    request.set_subject(mesh().Person(person).CodeAt("portal"));
    const auto reply = mesh().Client(kTerminal).Call(
        &AccountsService::Stub::GetRegistration,
        {.affair = "account-registration"}, request);
    return reply.status.ok() ? reply->registration().account().number() : "";
  }
  // Refused for this reason, and so it stands in the log.
  static void ExpectRefused(const RegisterReply& reply, const char* reason) {
    EXPECT_EQ(ReasonOf(reply.status), reason) << reply.status;
    EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = reply.exchange_id,
                                  .kind = Record::REFUSAL})
                  .reason(),
              reason);
  }
};

TEST_F(BankCounter, TheTokenNamesWhoseAccountIsRegistered) {
  const auto consent = Grant("taro");
  const std::string id = NewExchangeId();
  const auto reply = Register(consent.token(), Form("taro"), kBank, id);
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(NumberOf("taro"), "2345678");
  const Record record = OnlyRecord(mesh(), {.exchange_id = id,
                                            .consumer = kBank,
                                            .person = "taro",
                                            .kind = Record::EXCHANGE});
  EXPECT_EQ(record.provider(), kAccounts);
  EXPECT_EQ(record.consent_id(), consent.consent_id());
  // identity was asked for the holder's name, in the person's history.
  const auto names = mesh().AwaitRecords({.consumer = kAccounts,
                                          .provider = "identity/identity",
                                          .person = "taro",
                                          .kind = Record::EXCHANGE});
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(Released(names->back()), std::vector<std::string>{"kana"});

  const auto retry = Register(consent.token(), Form("taro"), kBank, id);
  ASSERT_TRUE(retry.status.ok()) << retry.status;
  EXPECT_EQ(retry->SerializeAsString(), reply->SerializeAsString());
  accounts::v1::ListRegistrationsRequest list;
  list.set_subject(mesh().Person("taro").CodeAt("portal"));
  const auto all =
      mesh().Client(kTerminal).Call(&AccountsService::Stub::ListRegistrations,
                                    {.affair = "account-registration"}, list);
  ASSERT_TRUE(all.status.ok()) << all.status;
  int from_bank = 0;
  for (const auto& one : all->registrations())
    from_bank +=
        one.channel() == accounts::v1::Registration::BANK_COUNTER ? 1 : 0;
  EXPECT_EQ(from_bank, 1) << "once, and the channel is said";
}

TEST_F(BankCounter, AConsentIsGoodForOneRegistration) {
  const auto consent = Grant("yoshiko");
  // What is refused uses nothing up.
  ExpectRefused(Register(consent.token(), Form("taro", "6789012")),
                "HOLDER_MISMATCH");
  const std::string id = NewExchangeId();
  const auto form = Form("yoshiko", "6789012");
  const auto reply = Register(consent.token(), form, kBank, id);
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(NumberOf("yoshiko"), "6789012");

  // Within its hour, for another account in the same kana, and the same again.
  for (const std::string number : {"7890123", "6789012"}) {
    const auto again = Register(consent.token(), Form("yoshiko", number));
    EXPECT_EQ(again.status.code(), absl::StatusCode::kFailedPrecondition);
    ExpectRefused(again, "CONSENT_USED");
    EXPECT_EQ(again.message.SerializeAsString(), "");
  }
  const auto other = Register(consent.token(), Form("taro", "7890123"));
  const Record record = OnlyRecord(mesh(), {.exchange_id = other.exchange_id,
                                            .consumer = kBank,
                                            .person = "yoshiko",
                                            .kind = Record::REFUSAL});
  EXPECT_EQ(record.reason(), "CONSENT_USED") << "and not whose name it is";
  EXPECT_EQ(record.consent_id(), consent.consent_id());
  EXPECT_EQ(NumberOf("yoshiko"), "6789012");

  // The person may choose another in between; a retry does not bring the first
  // one back, and is answered as it was.
  ASSERT_TRUE(Register(Grant("yoshiko").token(), Form("yoshiko", "8901234"))
                  .status.ok());
  const auto retry = Register(consent.token(), form, kBank, id);
  ASSERT_TRUE(retry.status.ok()) << retry.status;
  EXPECT_EQ(retry->SerializeAsString(), reply->SerializeAsString());
  EXPECT_EQ(NumberOf("yoshiko"), "8901234");

  // Nor does the provider forget when it starts anew.
  ASSERT_TRUE(mesh().KillSystem(kAccounts, SIGKILL).ok());
  ASSERT_TRUE(mesh().StartSystem(kAccounts).ok());
  const std::string later = NewExchangeId();
  RegisterReply after;
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(10);
  do {
    after = Register(consent.token(), Form("yoshiko", "7890123"), kBank, later);
  } while (absl::IsUnavailable(after.status) &&
           mesh().clock().Monotonic() < deadline);
  EXPECT_EQ(ReasonOf(after.status), "CONSENT_USED") << after.status;
  EXPECT_EQ(NumberOf("yoshiko"), "8901234");
}

TEST_F(BankCounter, ABankIsNotToldWhetherThereWasAnAccountBefore) {
  // The first takes some account's place or none's, the second the first one's:
  // the bank cannot tell.
  for (const std::string number : {"0123456", "1234567"}) {
    const std::string id = NewExchangeId();
    const auto reply =
        Register(Grant("fumie").token(), Form("fumie", number), kBank, id);
    ASSERT_TRUE(reply.status.ok()) << reply.status;
    EXPECT_TRUE(reply->has_register_time());
    EXPECT_FALSE(reply->replaced());
    EXPECT_EQ(reply->etag(), "");
    const Record record = OnlyRecord(mesh(), {.exchange_id = id,
                                              .consumer = kBank,
                                              .person = "fumie",
                                              .kind = Record::EXCHANGE});
    EXPECT_EQ(Released(record), std::vector<std::string>{"account"});
    EXPECT_EQ(Withheld(record), std::vector<std::string>{"state"});
  }
  // The person is told at the portal, to name it when changing it again.
  accounts::v1::RegisterAccountRequest own = Form("fumie", "2345678");
  own.set_subject(mesh().Person("fumie").CodeAt("portal"));
  const auto told =
      mesh().Client(kTerminal).Call(&AccountsService::Stub::RegisterAccount,
                                    {.affair = "account-registration"}, own);
  ASSERT_TRUE(told.status.ok()) << told.status;
  EXPECT_TRUE(told->replaced());
  EXPECT_NE(told->etag(), "");
  EXPECT_EQ(Released(OnlyRecord(mesh(), {.exchange_id = told.exchange_id,
                                         .kind = Record::EXCHANGE})),
            (std::vector<std::string>{"account", "state"}));
}

TEST_F(BankCounter, AnotherPersonsTokenRegistersNothing) {
  const std::string before = NumberOf("yoshiko");
  // The account of one, the consent of another.
  ExpectRefused(Register(Grant("taro").token(), Form("yoshiko", "3456789")),
                "HOLDER_MISMATCH");
  EXPECT_EQ(NumberOf("yoshiko"), before);
  EXPECT_NE(NumberOf("taro"), "3456789");
  // Nor does the bank say by a code whom it means.
  accounts::v1::RegisterAccountRequest named = Form("taro");
  named.set_subject(mesh().Person("taro").CodeAt("hoshizora-bank"));
  ExpectRefused(Register(Grant("taro").token(), named), "SUBJECT_NOT_ACCEPTED");
  // What a bank was given is worth nothing in the tax office's hands.
  accounts::v1::RegisterAccountRequest stolen = Form("taro");
  stolen.set_subject(mesh().Person("taro").CodeAt("yunagi"));
  ExpectRefused(Register(Grant("taro").token(), stolen, kYunagiTax),
                "CONSENT_INVALID");
}

TEST_F(BankCounter, AWrongAForgedAnOldAndAWithdrawnTokenRegisterNothing) {
  const std::string before = NumberOf("taro");
  const auto form = Form("taro", "4567890");
  ExpectRefused(Register("", form), "CONSENT_REQUIRED");
  const std::string items =
      Grant("taro", "customer-address",
            "psm.identity.v1.BasicItemsService/GetBasicItems", "address")
          .token();
  ExpectRefused(Register(items, form), "CONSENT_INVALID");
  auto consent = Grant("taro");
  std::string forged = consent.token();
  forged[forged.size() - 10] ^= 1;
  ExpectRefused(Register(forged, form), "CONSENT_INVALID");

  mesh().AdvanceClock(absl::Minutes(11));
  ExpectRefused(Register(consent.token(), form), "CONSENT_EXPIRED");
  mesh().AdvanceClock(-absl::Minutes(11));

  identity::v1::WithdrawConsentRequest withdraw;
  withdraw.set_subject(mesh().Person("taro").CodeAt("portal"));
  withdraw.set_consent_id(consent.consent_id());
  ASSERT_TRUE(mesh()
                  .Client(kTerminal)
                  .Call(&identity::v1::ConsentService::Stub::WithdrawConsent,
                        {.affair = "own-request"}, withdraw)
                  .status.ok());
  ExpectRefused(Register(consent.token(), form), "CONSENT_WITHDRAWN");
  EXPECT_EQ(NumberOf("taro"), before);
}

TEST_F(BankCounter, ABankBringsItsOwnAccountsOnly) {
  accounts::v1::RegisterAccountRequest other = Form("taro", "5678901");
  other.mutable_account()->set_bank_code("0001");
  other.mutable_account()->set_branch_code("001");
  const RegisterReply refused = Register(Grant("taro").token(), other);
  // Without the public list of banks nobody knows that one at all.
  const std::string reason = ReasonOf(refused.status);
  EXPECT_TRUE(reason == "BANK_NOT_CALLERS" || reason == "BANK_UNKNOWN")
      << refused.status;
  EXPECT_NE(NumberOf("taro"), "5678901");
}

}  // namespace
}  // namespace psm::testing
