#include "services/accounts/accounts_service.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm {
namespace {

using accounts::v1::Account;
using accounts::v1::GetAccountRequest;
using accounts::v1::GetAccountResponse;
using accounts::v1::RegisterAccountRequest;
using accounts::v1::RegisterAccountResponse;
using accounts::v1::Registration;

// Knows one person, and fails the test when it is asked inside a transaction.
class FakeNames : public PersonNames {
 public:
  explicit FakeNames(agency::Database* database) : database_(*database) {}

  absl::StatusOr<std::string> KanaOf(const agency::CallContext&,
                                     absl::string_view subject) override {
    ++asked;
    EXPECT_TRUE(
        database_.Write([](soci::session&) { return absl::OkStatus(); }).ok());
    if (subject != "A")
      return agency::Refusal(absl::StatusCode::kUnavailable, "NAME_UNAVAILABLE",
                             "no");
    return std::string("ヤマダ　ハナコ");
  }

  int asked = 0;

 private:
  agency::Database& database_;
};

RegisterAccountRequest Request(const std::string& subject,
                               const std::string& holder) {
  RegisterAccountRequest request;
  request.set_subject(subject);
  Account& account = *request.mutable_account();
  account.set_bank_code("9990");
  account.set_branch_code("001");
  account.set_type(Account::ORDINARY);
  account.set_number("7654321");
  account.set_holder_kana(holder);
  return request;
}

class AccountsServiceTest : public testing::Test {
 protected:
  // The reason, or "" for success.
  std::string Register(const RegisterAccountRequest& request,
                       const std::string& exchange_id = "1",
                       const std::string& consumer = "portal/terminal",
                       const std::string& affair = "account-registration",
                       const std::string& consent_id = "") {
    agency::FakeCall call(consumer, affair, {"account"}, exchange_id,
                          consent_id);
    response_.Clear();
    last_ = service_.RegisterAccount(call.context(), &request, &response_);
    return last_.ok() ? "" : ReasonOf(agency::FromGrpc(last_));
  }

  grpc::Status Get(const std::vector<std::string>& attributes,
                   GetAccountResponse* response) {
    agency::FakeCall call("akatsuki/benefits", "benefit-tax-exempt",
                          attributes);
    GetAccountRequest request;
    request.set_subject("A");
    return service_.GetAccount(call.context(), &request, response);
  }

  ManualClock clock_{absl::FromUnixSeconds(1'780'000'000)};
  TempFolder folder_;
  std::unique_ptr<agency::Database> database_ = *agency::Database::Open(
      folder_.File("accounts.sqlite"), AccountRegister::Migrations());
  AccountRegister accounts_{database_.get()};
  FakeNames names_{database_.get()};
  AccountHistory history_{database_.get()};
  BankList banks_;
  AccountsService service_{{&accounts_, &history_, &names_, &banks_, &clock_}};
  RegisterAccountResponse response_;
  grpc::Status last_;
};

TEST_F(AccountsServiceTest, RegistersAnAccountInThePersonsOwnName) {
  EXPECT_EQ(Register(Request("A", "ﾔﾏﾀﾞﾊﾅｺ")), "");
  EXPECT_EQ(response_.register_time().seconds(), 1'780'000'000);
  EXPECT_FALSE(response_.replaced());
  GetAccountResponse got;
  ASSERT_TRUE(Get({"account"}, &got).ok());
  EXPECT_EQ(got.account().number(), "7654321");
  EXPECT_EQ(got.account().holder_kana(), "ﾔﾏﾀﾞﾊﾅｺ");
  EXPECT_EQ(got.as_of_time().seconds(), 1'780'000'000);
}

TEST_F(AccountsServiceTest, RefusesAnotherHoldersAccountAndNamesNobody) {
  EXPECT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾀﾛｳ")), "HOLDER_MISMATCH");
  EXPECT_EQ(last_.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  for (const std::string secret : {"ﾔﾏﾀﾞ", "ヤマダ", "ハナコ", "ﾀﾛｳ", "A"}) {
    EXPECT_EQ(last_.error_message().find(secret), std::string::npos);
    if (secret != "A") {
      EXPECT_EQ(last_.error_details().find(secret), std::string::npos);
    }
  }
  GetAccountResponse got;
  EXPECT_EQ(Get({"account"}, &got).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(AccountsServiceTest, AsksNobodyAboutAMalformedAccount) {
  RegisterAccountRequest request = Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ");
  request.mutable_account()->set_number("12");
  EXPECT_EQ(Register(request), "ACCOUNT_NUMBER_MALFORMED");
  request.clear_account();  // what the gateway drops when it is not granted
  EXPECT_EQ(Register(request), "BANK_CODE_MALFORMED");
  request = Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ");
  request.mutable_account()->set_bank_code("0001");
  EXPECT_EQ(Register(request), "BANK_UNKNOWN");
  request.mutable_account()->set_bank_code("9990");
  request.mutable_account()->set_branch_code("013");
  EXPECT_EQ(Register(request), "BRANCH_UNKNOWN");
  EXPECT_EQ(names_.asked, 0);
}

TEST_F(AccountsServiceTest, RegistersNothingWhileTheNameIsUnavailable) {
  EXPECT_EQ(Register(Request("B", "ﾔﾏﾀﾞ ﾊﾅｺ")), "NAME_UNAVAILABLE");
  EXPECT_EQ(last_.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(accounts_.Find("B").ok());
}

TEST_F(AccountsServiceTest, ARetryGetsTheFirstAnswerAndAsksNobody) {
  ASSERT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ")), "");
  const std::string first = response_.SerializeAsString();
  clock_.Advance(absl::Seconds(30));
  ASSERT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ")), "");
  EXPECT_EQ(response_.SerializeAsString(), first);
  EXPECT_EQ(names_.asked, 1);
  ASSERT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ"), "2"), "");
  EXPECT_TRUE(response_.replaced());
}

TEST_F(AccountsServiceTest, TheAffairIsTheChannelAndEachHasItsCondition) {
  const std::string tax = "account-registration-tax-return";
  const std::string counter = "account-registration-bank-counter";
  RegisterAccountRequest request = Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ");
  EXPECT_EQ(Register(request, "1", "akatsuki/tax", tax), "OPT_IN_MISSING");
  EXPECT_EQ(Register(request, "2", "other-bank/customers", counter, "c"),
            "BANK_NOT_CALLERS");
  EXPECT_EQ(Register(request, "2", "hoshizora-bank/customers", counter),
            "CONSENT_MISSING");
  EXPECT_EQ(Register(request, "3", "akatsuki/tax", "collect-arrears"),
            "CHANNEL_UNKNOWN");
  EXPECT_EQ(names_.asked, 0);
  EXPECT_FALSE(accounts_.Find("A").ok());

  EXPECT_EQ(Register(request, "4"), "");
  request.set_opted_in(true);
  EXPECT_EQ(Register(request, "5", "akatsuki/tax", tax), "");
  EXPECT_TRUE(response_.replaced());
  EXPECT_EQ(Register(request, "6", "hoshizora-bank/customers", counter, "c"),
            "");
  accounts::v1::ListRegistrationsRequest list;
  list.set_subject("A");
  accounts::v1::ListRegistrationsResponse page;
  agency::FakeCall own("portal/terminal", "account-registration",
                       {"registration"});
  ASSERT_TRUE(service_.ListRegistrations(own.context(), &list, &page).ok());
  ASSERT_EQ(page.registrations_size(), 3);
  EXPECT_EQ(page.registrations(0).channel(), Registration::BANK_COUNTER);
  EXPECT_EQ(page.registrations(1).channel(), Registration::TAX_RETURN);
  EXPECT_EQ(page.registrations(2).channel(), Registration::PORTAL);
}

TEST_F(AccountsServiceTest, AUsedConsentIsRefusedAlikeWhateverIsAsked) {
  const auto counter = [&](const RegisterAccountRequest& request,
                           const std::string& exchange_id,
                           const std::string& consent_id) {
    return Register(request, exchange_id, "hoshizora-bank/customers",
                    "account-registration-bank-counter", consent_id);
  };
  const RegisterAccountRequest request = Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ");
  ASSERT_EQ(counter(request, "1", "c"), "");
  const std::string first = response_.SerializeAsString();
  EXPECT_NE(response_.etag(), "") << "else what is withheld would tell";
  const int asked = names_.asked;

  // Another account, one of another holder, one that names a state.
  RegisterAccountRequest other = request;
  other.mutable_account()->set_number("1111111");
  RegisterAccountRequest wife = Request("A", "ﾔﾏﾀﾞ ﾀﾛｳ");
  RegisterAccountRequest stale = request;
  stale.set_etag("0123456789abcdef");
  std::string refusal;
  for (const RegisterAccountRequest& again : {other, wife, stale, request}) {
    EXPECT_EQ(counter(again, "2", "c"), "CONSENT_USED");
    EXPECT_EQ(last_.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    if (refusal.empty()) refusal = last_.error_details();
    EXPECT_EQ(last_.error_details(), refusal);
  }
  // Whatever has become of the person.
  ASSERT_TRUE(database_
                  ->Write([&](soci::session& sql) {
                    AccountRegister::Hold(sql, "A", Registration::HOLDER_DIED,
                                          clock_.Now(), clock_.Now());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(counter(other, "3", "c"), "CONSENT_USED");
  EXPECT_EQ(last_.error_details(), refusal);
  EXPECT_EQ(names_.asked, asked) << "somebody was asked about the person";
  EXPECT_EQ(counter(request, "1", "c"), "");
  EXPECT_EQ(response_.SerializeAsString(), first) << "a retry";
  EXPECT_EQ(names_.asked, asked);
  EXPECT_EQ(counter(other, "4", "d"), "HOLDER_DECEASED");
}

TEST_F(AccountsServiceTest, ARefusalOfTheNameUsesNoConsentUp) {
  const auto counter = [&](const std::string& holder, const std::string& id) {
    return Register(Request("A", holder), id, "hoshizora-bank/customers",
                    "account-registration-bank-counter", "c");
  };
  EXPECT_EQ(counter("ﾔﾏﾀﾞ ﾀﾛｳ", "1"), "HOLDER_MISMATCH");
  EXPECT_EQ(counter("ﾔﾏﾀﾞ ﾊﾅｺ", "2"), "");
  EXPECT_EQ(counter("ﾔﾏﾀﾞ ﾊﾅｺ", "3"), "CONSENT_USED");
}

TEST_F(AccountsServiceTest, APayerHearsWhatChangedSinceItWasGivenTheAccount) {
  ASSERT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ")), "");
  accounts::v1::ListChangesRequest since;
  since.mutable_since_time()->set_seconds(0);
  const auto changes = [&](const std::string& consumer) {
    accounts::v1::ListChangesResponse page;
    agency::FakeCall call(consumer, "benefit-tax-exempt", {"change"});
    EXPECT_TRUE(service_.ListChanges(call.context(), &since, &page).ok());
    return page.changes_size();
  };
  GetAccountResponse got;
  EXPECT_EQ(changes("akatsuki/benefits"), 0) << "it was never given it";
  ASSERT_TRUE(Get({"account"}, &got).ok());
  EXPECT_EQ(changes("akatsuki/benefits"), 0) << "it has this one already";
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ"), "2"), "");
  EXPECT_EQ(changes("akatsuki/benefits"), 1);
  EXPECT_EQ(changes("yunagi/benefits"), 0) << "it pays nothing to this person";
}

TEST_F(AccountsServiceTest, SendsOnlyWhatTheAgreementGrants) {
  ASSERT_EQ(Register(Request("A", "ﾔﾏﾀﾞ ﾊﾅｺ")), "");
  GetAccountResponse got;
  ASSERT_TRUE(Get({"number"}, &got).ok());
  EXPECT_FALSE(got.has_account());
  EXPECT_TRUE(got.has_as_of_time());
  agency::FakeCall bare("portal/terminal", "account-registration", {});
  accounts::v1::GetRegistrationRequest own;
  own.set_subject("A");
  accounts::v1::GetRegistrationResponse seen;
  ASSERT_TRUE(service_.GetRegistration(bare.context(), &own, &seen).ok());
  EXPECT_FALSE(seen.has_registration());
  EXPECT_EQ(seen.etag(), got.etag());
  accounts::v1::ListRegistrationsRequest list;
  list.set_subject("A");
  accounts::v1::ListRegistrationsResponse page;
  ASSERT_TRUE(service_.ListRegistrations(bare.context(), &list, &page).ok());
  EXPECT_EQ(page.registrations_size(), 0);
}

}  // namespace
}  // namespace psm
