#include "services/accounts/account_register.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/base/temp_folder.h"
#include "soci/soci.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::RegisterAccountResponse;
using accounts::v1::Registration;
using seed::v1::RegisteredAccount;

RegisteredAccount Seed(const std::string& subject) {
  RegisteredAccount seed;
  seed.set_subject(subject);
  seed.set_bank_code("9990");
  seed.set_branch_code("001");
  seed.set_type(Account::ORDINARY);
  seed.set_number("0012345");
  seed.set_holder_kana("ﾔﾏﾀﾞ ﾊﾅｺ");
  seed.set_register_time("2025-04-01T09:00:00.25+09:00");
  return seed;
}

Account AccountNumbered(const std::string& number) {
  Account account;
  account.set_bank_code("9990");
  account.set_branch_code("002");
  account.set_type(Account::CURRENT);
  account.set_number(number);
  account.set_holder_kana("ﾔﾏﾀﾞ ﾊﾅｺ");
  return account;
}

agency::CallContext Call(const std::string& exchange_id,
                         const std::string& consent_id = "") {
  return agency::FakeCall("portal/terminal", "account-registration",
                          {"account"}, exchange_id, consent_id)
      .call();
}

class AccountRegisterTest : public testing::Test {
 protected:
  absl::Status Import(const std::vector<RegisteredAccount>& seeds) {
    return accounts_.ImportOnce(
        [&](AccountRegister::Take take) -> absl::Status {
          for (const RegisteredAccount& seed : seeds)
            PSM_RETURN_IF_ERROR(take(seed));
          return absl::OkStatus();
        });
  }

  absl::StatusOr<RegisterAccountResponse> Register(
      const std::string& exchange, const std::string& subject,
      const std::string& number, absl::Time now, const std::string& etag = "",
      const std::string& consent_id = "") {
    return accounts_.Register(Call(exchange, consent_id), subject,
                              AccountNumbered(number), Registration::PORTAL,
                              etag, now);
  }
  // By a consent; the reason, or "" for success.
  std::string RegisterBy(const std::string& consent_id,
                         const std::string& exchange, const std::string& number,
                         const std::string& etag = "") {
    return ReasonOf(
        Register(exchange, "A", number, now_, etag, consent_id).status());
  }
  // Changes the database behind the register.
  void Run(const std::string& statement) {
    ASSERT_TRUE(database_
                    ->Write([&](soci::session& sql) {
                      sql << statement;
                      return absl::OkStatus();
                    })
                    .ok());
  }

  std::string Etag(const std::string& subject) {
    const auto found = accounts_.FindRegistration(subject);
    return found.ok() ? found->etag() : "none";
  }

  // Numbers of the person's former accounts, oldest first.
  std::vector<std::string> Former(const std::string& subject) {
    std::vector<std::string> numbers;
    EXPECT_TRUE(database_
                    ->Read([&](soci::session& sql) {
                      soci::rowset<std::string> rows =
                          (sql.prepare
                               << "SELECT number FROM former_accounts WHERE "
                                  "subject = :s ORDER BY replace_time",
                           soci::use(subject));
                      numbers.assign(rows.begin(), rows.end());
                      return absl::OkStatus();
                    })
                    .ok());
    return numbers;
  }

  const absl::Time now_ = absl::FromUnixMicros(1'780'000'000'123'456);
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("accounts.sqlite"), AccountRegister::Migrations());
  AccountRegister accounts_{database_.get()};
};

TEST_F(AccountRegisterTest, GivesTheSeededAccountOfThePersonAskedFor) {
  ASSERT_TRUE(Import({Seed("A"), Seed("B")}).ok());
  auto found = accounts_.Find("A");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->account().number(), "0012345");
  EXPECT_EQ(found->account().type(), Account::ORDINARY);
  EXPECT_EQ(found->as_of_time().seconds(), 1'743'465'600);
  EXPECT_EQ(found->as_of_time().nanos(), 250'000'000);
  for (const std::string subject : {"C", "", "a", "%", "A' OR '1'='1"})
    EXPECT_EQ(ReasonOf(accounts_.Find(subject).status()),
              "ACCOUNT_NOT_REGISTERED");
}

TEST_F(AccountRegisterTest, SeedsEnterOnceAndAllOrNone) {
  RegisteredAccount bad = Seed("B");
  bad.set_number("1");
  EXPECT_EQ(ReasonOf(Import({Seed("A"), bad})), "ACCOUNT_NUMBER_MALFORMED");
  bad = Seed("B");
  bad.set_register_time("yesterday");
  EXPECT_EQ(ReasonOf(Import({Seed("A"), bad})), "SEED_INVALID");
  EXPECT_EQ(Import({Seed("A"), Seed("A")}).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(accounts_.Find("A").ok());
  ASSERT_TRUE(Import({Seed("A")}).ok());
  ASSERT_TRUE(Register("1", "A", "7654321", now_).ok());
  ASSERT_TRUE(Import({Seed("A"), Seed("B")}).ok());  // the next start
  EXPECT_EQ(accounts_.Find("A")->account().number(), "7654321");
  EXPECT_FALSE(accounts_.Find("B").ok());
}

TEST_F(AccountRegisterTest, TheLastRegistrationWinsAndTheOthersAreKept) {
  ASSERT_TRUE(Import({Seed("A"), Seed("B")}).ok());
  auto first = Register("1", "A", "1111111", now_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->replaced());
  ASSERT_TRUE(Register("2", "A", "2222222", now_ + absl::Seconds(1)).ok());
  EXPECT_EQ(accounts_.Find("A")->account().number(), "2222222");
  EXPECT_EQ(accounts_.Find("B")->account().number(), "0012345");
  EXPECT_EQ(Former("A"), (std::vector<std::string>{"0012345", "1111111"}));
  EXPECT_TRUE(Former("B").empty());

  auto fresh = Register("3", "C", "3333333", now_ + absl::Seconds(2));
  ASSERT_TRUE(fresh.ok());
  EXPECT_FALSE(fresh->replaced());
  EXPECT_EQ(fresh->register_time().nanos(), 123'456'000);
}

TEST_F(AccountRegisterTest, ARepetitionRegistersNothingAnew) {
  EXPECT_EQ(*accounts_.Registered(Call("1")), std::nullopt);
  auto first = Register("1", "A", "1111111", now_);
  ASSERT_TRUE(Register("2", "A", "2222222", now_).ok());
  auto again = Register("1", "A", "1111111", now_ + absl::Seconds(9));
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ((*accounts_.Registered(Call("1")))->SerializeAsString(),
            first->SerializeAsString());
  EXPECT_EQ(accounts_.Find("A")->account().number(), "2222222");
}

TEST_F(AccountRegisterTest, AConsentIsGoodForOneExchange) {
  ASSERT_EQ(RegisterBy("c", "1", "1111111"), "");
  EXPECT_EQ(RegisterBy("c", "2", "2222222"), "CONSENT_USED");
  EXPECT_EQ(ReasonOf(accounts_.Registered(Call("2", "c")).status()),
            "CONSENT_USED");
  EXPECT_EQ(RegisterBy("d", "3", "3333333"), "") << "another consent";
  // A retry is answered and changes nothing.
  EXPECT_EQ(RegisterBy("c", "1", "1111111"), "");
  EXPECT_TRUE((*accounts_.Registered(Call("1", "c"))).has_value());
  EXPECT_EQ(accounts_.Find("A")->account().number(), "3333333");
  // By statute there is none to use up.
  EXPECT_TRUE(Register("4", "A", "4444444", now_).ok());
  EXPECT_TRUE(Register("5", "A", "5555555", now_).ok());

  // After a restart; and when the answers of that time are gone.
  database_.reset();
  database_ = *agency::Database::Open(folder_.File("accounts.sqlite"),
                                      AccountRegister::Migrations());
  AccountRegister reopened(database_.get());
  const auto by = [&](const std::string& exchange, absl::Duration later) {
    return ReasonOf(reopened
                        .Register(Call(exchange, "c"), "A",
                                  AccountNumbered("6666666"),
                                  Registration::BANK_COUNTER, "", now_ + later)
                        .status());
  };
  EXPECT_EQ(by("6", absl::ZeroDuration()), "CONSENT_USED");
  EXPECT_EQ(by("1", absl::ZeroDuration()), "");
  ASSERT_TRUE(reopened
                  .Register(Call("7"), "A", AccountNumbered("7777777"),
                            Registration::PORTAL, "",
                            now_ + absl::Hours(24 * 400))
                  .ok());
  EXPECT_EQ(by("6", absl::Hours(24 * 400)), "CONSENT_USED");
  EXPECT_EQ(by("1", absl::Hours(24 * 400)), "CONSENT_USED");
  EXPECT_EQ(reopened.Find("A")->account().number(), "7777777");
}

TEST_F(AccountRegisterTest, WhatIsRefusedOrRolledBackUsesNoConsentUp) {
  EXPECT_EQ(RegisterBy("c", "1", "1111111", "no such state"), "ETAG_STALE");
  EXPECT_EQ(*accounts_.Registered(Call("2", "c")), std::nullopt);
  Run("INSERT INTO deceased VALUES ('A', 1)");
  EXPECT_EQ(RegisterBy("c", "2", "1111111"), "HOLDER_DECEASED");
  Run("DELETE FROM deceased");
  // What fails last of all, with everything else written.
  Run("CREATE TRIGGER fails BEFORE INSERT ON answered_exchanges BEGIN SELECT "
      "RAISE(ABORT, 'full'); END");
  EXPECT_NE(RegisterBy("c", "3", "1111111"), "");
  EXPECT_FALSE(accounts_.Find("A").ok());
  Run("DROP TRIGGER fails");
  EXPECT_EQ(RegisterBy("c", "4", "1111111"), "");
  EXPECT_EQ(RegisterBy("c", "5", "2222222"), "CONSENT_USED");
}

TEST_F(AccountRegisterTest, OfExchangesByOneConsentOneRegisters) {
  std::vector<std::thread> writers;
  std::atomic<int> won{0}, refused{0};
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const std::string reason =
          RegisterBy("c", std::to_string(i), "000000" + std::to_string(i));
      if (reason.empty()) ++won;
      if (reason == "CONSENT_USED") ++refused;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_TRUE(Former("A").empty());
}

TEST_F(AccountRegisterTest, AWriteThatNamesAnOlderStateChangesNothing) {
  ASSERT_TRUE(Import({Seed("A")}).ok());
  const std::string seen = Etag("A");
  ASSERT_TRUE(Register("1", "A", "1111111", now_, seen).ok());
  EXPECT_NE(Etag("A"), seen);
  for (const absl::Status& status :
       {Register("2", "A", "2222222", now_, seen).status(),
        accounts_.Delete(Call("3"), "A", seen, now_).status(),
        accounts_.Close(Call("4"), "A", seen, now_).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
    EXPECT_EQ(ReasonOf(status), "ETAG_STALE");
  }
  EXPECT_EQ(ReasonOf(accounts_.Delete(Call("5"), "A", "", now_).status()),
            "ETAG_MISSING");
  EXPECT_EQ(accounts_.Find("A")->account().number(), "1111111");
  EXPECT_EQ(ReasonOf(Register("6", "nobody", "2222222", now_, seen).status()),
            "ETAG_STALE");
}

TEST_F(AccountRegisterTest, OfWritersThatSawTheSameStateOneWins) {
  ASSERT_TRUE(Import({Seed("A")}).ok());
  const std::string seen = Etag("A");
  std::vector<std::thread> writers;
  std::atomic<int> won{0}, stale{0};
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const auto done = Register(std::to_string(i), "A",
                                 "000000" + std::to_string(i), now_, seen);
      if (done.ok()) ++won;
      if (ReasonOf(done.status()) == "ETAG_STALE") ++stale;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(stale, 7);
}

TEST_F(AccountRegisterTest, WhatIsRemovedIsAsIfItHadNeverBeenThere) {
  ASSERT_TRUE(Import({Seed("A")}).ok());
  const auto gone = accounts_.Delete(Call("1"), "A", Etag("A"), now_);
  ASSERT_TRUE(gone.ok()) << gone.status();
  const absl::Status absent = accounts_.Find("never").status();
  EXPECT_EQ(accounts_.Find("A").status(), absent);
  EXPECT_EQ(accounts_.FindRegistration("A").status(), absent);
  EXPECT_EQ(ReasonOf(accounts_.Delete(Call("2"), "A", "x", now_).status()),
            "ACCOUNT_NOT_REGISTERED");
  EXPECT_EQ(accounts_.Delete(Call("1"), "A", "x", now_)->SerializeAsString(),
            gone->SerializeAsString())
      << "a repetition gives the first answer";
  EXPECT_EQ(Former("A"), std::vector<std::string>{"0012345"});
  ASSERT_TRUE(Import({Seed("A")}).ok());  // the next start
  EXPECT_FALSE(accounts_.Find("A").ok()) << "the seeds brought it back";
  const auto fresh = Register("3", "A", "1111111", now_);
  ASSERT_TRUE(fresh.ok());
  EXPECT_FALSE(fresh->replaced());
}

TEST_F(AccountRegisterTest, NobodyPaysIntoAClosedAccountButThePersonSeesIt) {
  ASSERT_TRUE(Import({Seed("A")}).ok());
  ASSERT_TRUE(accounts_.Close(Call("1"), "A", Etag("A"), now_).ok());
  const absl::Status closed = accounts_.Find("A").status();
  EXPECT_EQ(closed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(closed), "ACCOUNT_CLOSED");
  const auto seen = accounts_.FindRegistration("A");
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->registration().end(), Registration::CLOSED);
  EXPECT_EQ(seen->registration().end_time().seconds(),
            absl::ToUnixSeconds(now_));
  // The same account again: the person has put it right with the bank.
  const auto again = Register("2", "A", "0012345", now_);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replaced());
  EXPECT_TRUE(accounts_.Find("A").ok());
}

TEST_F(AccountRegisterTest, ARegisterOfTheFirstVersionGoesOn) {
  TempFolder old;
  const agency::Migration first = AccountRegister::Migrations()[0];
  {
    auto before = agency::Database::Open(old.File("a.sqlite"), {&first, 1});
    ASSERT_TRUE(before.ok());
    ASSERT_TRUE((*before)
                    ->Write([](soci::session& sql) {
                      sql << "INSERT INTO accounts VALUES ('A', '9990', '001', "
                             "1, '0012345', 'x', 1743465600250000)";
                      sql << "INSERT INTO former_accounts VALUES ('A', '9990', "
                             "'001', 1, '0012344', 'x', 1, 2)";
                      return absl::OkStatus();
                    })
                    .ok());
  }
  auto now = agency::Database::Open(old.File("a.sqlite"),
                                    AccountRegister::Migrations());
  ASSERT_TRUE(now.ok()) << now.status();
  AccountRegister accounts(now->get());
  const auto found = accounts.FindRegistration("A");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->registration().channel(), Registration::PORTAL);
  EXPECT_TRUE(accounts.Delete(Call("1"), "A", found->etag(), now_).ok());
}

}  // namespace
}  // namespace psm
