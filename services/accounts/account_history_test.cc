#include "services/accounts/account_history.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"
#include "services/accounts/account_register.h"

namespace psm {
namespace {

using accounts::v1::AccountChange;
using accounts::v1::ListChangesRequest;
using accounts::v1::ListChangesResponse;
using accounts::v1::ListRegistrationsRequest;
using accounts::v1::Registration;

constexpr char kPayer[] = "akatsuki/benefits";

class AccountHistoryTest : public testing::Test {
 protected:
  agency::CallContext NextCall() {
    return agency::FakeCall("portal/terminal", "account-registration",
                            {"account"}, std::to_string(++exchanges_))
        .call();
  }
  // Registers an account of this number; gives its time.
  google::protobuf::Timestamp Register(const std::string& subject,
                                       const std::string& number) {
    accounts::v1::Account account;
    account.set_bank_code("9990");
    account.set_branch_code("001");
    account.set_type(accounts::v1::Account::ORDINARY);
    account.set_number(number);
    account.set_holder_kana("ﾔﾏﾀﾞ");
    const auto done = accounts_.Register(NextCall(), subject, account,
                                         Registration::PORTAL, "", now_);
    EXPECT_TRUE(done.ok()) << done.status();
    return done->register_time();
  }
  std::string Etag(const std::string& subject) {
    return accounts_.FindRegistration(subject)->etag();
  }
  // The numbers of all registrations, read page by page.
  std::vector<std::string> Numbers(const std::string& subject, int page_size) {
    std::vector<std::string> numbers;
    ListRegistrationsRequest request;
    request.set_subject(subject);
    request.set_page_size(page_size);
    do {
      const auto page = history_.Registrations(request);
      EXPECT_TRUE(page.ok()) << page.status();
      EXPECT_LE(page->registrations_size(), page_size);
      for (const Registration& one : page->registrations())
        numbers.push_back(one.account().number());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty() && numbers.size() < 100);
    return numbers;
  }
  // The subjects of all changes after `since`, read page by page; `since`
  // becomes where to go on.
  std::vector<std::string> Changes(const std::string& consumer,
                                   google::protobuf::Timestamp& since) {
    std::vector<std::string> subjects;
    ListChangesRequest request;
    *request.mutable_since_time() = since;
    request.set_page_size(2);
    do {
      const auto page = history_.Changes(consumer, request);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const AccountChange& change : page->changes())
        subjects.push_back(change.subject());
      request.set_page_token(page->next_page_token());
      since = page->as_of_time();
    } while (!request.page_token().empty() && subjects.size() < 100);
    return subjects;
  }

  int exchanges_ = 0;
  // One time for all: a clock that stands still must not lose a change.
  const absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("accounts.sqlite"), AccountRegister::Migrations());
  AccountRegister accounts_{database_.get()};
  AccountHistory history_{database_.get()};
};

TEST_F(AccountHistoryTest, EveryPageGoesOnWhereTheLastEnded) {
  for (const char* number : {"1111111", "2222222", "3333333", "4444444"})
    Register("A", number);
  Register("B", "5555555");
  const std::vector<std::string> all = {"4444444", "3333333", "2222222",
                                        "1111111"};
  for (int size = 1; size <= 5; ++size) EXPECT_EQ(Numbers("A", size), all);
  EXPECT_TRUE(Numbers("C", 2).empty());
  EXPECT_TRUE(Numbers("A' OR '1'='1", 2).empty());
}

TEST_F(AccountHistoryTest, EachEndHasItsReason) {
  Register("A", "1111111");
  Register("A", "2222222");
  ASSERT_TRUE(accounts_.Close(NextCall(), "A", Etag("A"), now_).ok());
  Register("A", "3333333");
  ASSERT_TRUE(accounts_.Delete(NextCall(), "A", Etag("A"), now_).ok());
  ListRegistrationsRequest request;
  request.set_subject("A");
  const auto page = history_.Registrations(request);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->registrations_size(), 3);
  EXPECT_EQ(page->registrations(0).end(), Registration::DELETED);
  EXPECT_EQ(page->registrations(1).end(), Registration::CLOSED);
  EXPECT_EQ(page->registrations(2).end(), Registration::REPLACED);
  for (const Registration& one : page->registrations())
    EXPECT_TRUE(one.has_end_time());
}

TEST_F(AccountHistoryTest, APayerHearsEachChangeOnceAndOfItsOwnPersonsAlone) {
  const auto a = Register("A", "1111111");
  const auto b = Register("B", "1111112");
  Register("C", "1111113");
  ASSERT_TRUE(history_.NoteGiven(kPayer, "A", a).ok());
  ASSERT_TRUE(history_.NoteGiven(kPayer, "B", b).ok());
  ASSERT_TRUE(history_.NoteGiven("yunagi/benefits", "C", a).ok());
  google::protobuf::Timestamp since;
  EXPECT_TRUE(Changes(kPayer, since).empty()) << "it has these already";
  Register("C", "2222223");
  Register("A", "2222221");
  ASSERT_TRUE(accounts_.Delete(NextCall(), "B", Etag("B"), now_).ok());
  Register("A", "3333331");
  EXPECT_EQ(Changes(kPayer, since), (std::vector<std::string>{"A", "B", "A"}));
  EXPECT_TRUE(Changes(kPayer, since).empty());
  Register("A", "4444441");  // the clock stands still
  EXPECT_EQ(Changes(kPayer, since), std::vector<std::string>{"A"});
  EXPECT_TRUE(Changes("nobody/at-all", since).empty());
}

TEST_F(AccountHistoryTest, AChangeBetweenReadingAndNotingIsNotMissed) {
  const auto read = Register("A", "1111111");
  Register("A", "2222222");
  ASSERT_TRUE(history_.NoteGiven(kPayer, "A", read).ok());
  ASSERT_TRUE(history_.NoteGiven(kPayer, "A", Register("A", "3333333")).ok());
  google::protobuf::Timestamp since;
  EXPECT_EQ(Changes(kPayer, since).size(), 2U) << "the first noting stands";
}

TEST_F(AccountHistoryTest, TokensThatNobodyGaveAreRefused) {
  for (const char* token : {"x", "0", "-1", "1e3", "99999999999999999999"}) {
    ListRegistrationsRequest list;
    list.set_page_token(token);
    EXPECT_EQ(ReasonOf(history_.Registrations(list).status()),
              "PAGE_TOKEN_INVALID");
    ListChangesRequest changes;
    changes.mutable_since_time();
    changes.set_page_token(token);
    EXPECT_EQ(ReasonOf(history_.Changes(kPayer, changes).status()),
              "PAGE_TOKEN_INVALID");
  }
  EXPECT_EQ(ReasonOf(history_.Changes(kPayer, {}).status()), "SINCE_MISSING");
}

}  // namespace
}  // namespace psm
