#include "services/accounts/account_register.h"

#include <memory>
#include <string>
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

agency::CallContext Call(const std::string& exchange_id) {
  return agency::FakeCall("portal/terminal", "account-registration",
                          {"account"}, exchange_id)
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
  EXPECT_EQ(ReasonOf(Import({Seed("A"), bad})), "ACCOUNT_MALFORMED");
  bad = Seed("B");
  bad.set_register_time("yesterday");
  EXPECT_EQ(ReasonOf(Import({Seed("A"), bad})), "SEED_INVALID");
  EXPECT_EQ(Import({Seed("A"), Seed("A")}).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(accounts_.Find("A").ok());
  ASSERT_TRUE(Import({Seed("A")}).ok());
  ASSERT_TRUE(
      accounts_.Register(Call("1"), "A", AccountNumbered("7654321"), now_)
          .ok());
  ASSERT_TRUE(Import({Seed("A"), Seed("B")}).ok());  // the next start
  EXPECT_EQ(accounts_.Find("A")->account().number(), "7654321");
  EXPECT_FALSE(accounts_.Find("B").ok());
}

TEST_F(AccountRegisterTest, TheLastRegistrationWinsAndTheOthersAreKept) {
  ASSERT_TRUE(Import({Seed("A"), Seed("B")}).ok());
  auto first =
      accounts_.Register(Call("1"), "A", AccountNumbered("1111111"), now_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->replaced());
  ASSERT_TRUE(accounts_
                  .Register(Call("2"), "A", AccountNumbered("2222222"),
                            now_ + absl::Seconds(1))
                  .ok());
  EXPECT_EQ(accounts_.Find("A")->account().number(), "2222222");
  EXPECT_EQ(accounts_.Find("B")->account().number(), "0012345");
  EXPECT_EQ(Former("A"), (std::vector<std::string>{"0012345", "1111111"}));
  EXPECT_TRUE(Former("B").empty());

  auto fresh =
      accounts_.Register(Call("3"), "C", AccountNumbered("3333333"), now_);
  ASSERT_TRUE(fresh.ok());
  EXPECT_FALSE(fresh->replaced());
  EXPECT_EQ(fresh->register_time().nanos(), 123'456'000);
}

TEST_F(AccountRegisterTest, ARepetitionRegistersNothingAnew) {
  EXPECT_EQ(*accounts_.Registered(Call("1")), std::nullopt);
  auto first =
      accounts_.Register(Call("1"), "A", AccountNumbered("1111111"), now_);
  ASSERT_TRUE(
      accounts_.Register(Call("2"), "A", AccountNumbered("2222222"), now_)
          .ok());
  auto again = accounts_.Register(Call("1"), "A", AccountNumbered("1111111"),
                                  now_ + absl::Seconds(9));
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ((*accounts_.Registered(Call("1")))->SerializeAsString(),
            first->SerializeAsString());
  EXPECT_EQ(accounts_.Find("A")->account().number(), "2222222");
}

}  // namespace
}  // namespace psm
