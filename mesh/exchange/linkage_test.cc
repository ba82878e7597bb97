#include "mesh/exchange/linkage.h"

#include "mesh/exchange/exchange_fixture.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/tax/v1/tax.pb.h"

namespace psm {
namespace {

constexpr char kRetrieve[] = "/psm.linkage.v1.LinkageService/Retrieve";
constexpr char kTax[] = "/psm.tax.v1.TaxService/GetTaxStatus";
constexpr char kAccount[] = "/psm.accounts.v1.AccountsService/GetAccount";

class LinkageTest : public ExchangeFixture {
 protected:
  void SetUp() override {
    ExchangeFixture::SetUp();
    tax::v1::GetTaxStatusResponse status;
    status.set_category(tax::v1::GetTaxStatusResponse::EXEMPT);
    status.mutable_as_of_time()->set_seconds(42);
    link_.providers[kTax] = Answering(status);
    accounts::v1::GetAccountResponse account;
    account.mutable_account()->set_number("1234567");
    link_.providers[kAccount] = Answering(account);
  }

  linkage::v1::RetrieveRequest Request(std::vector<std::string> attributes) {
    linkage::v1::RetrieveRequest request;
    request.set_subject(Code("akatsuki", 'h'));
    for (std::string& attribute : attributes) {
      request.add_attributes(std::move(attribute));
    }
    return request;
  }

  Answer Ask(const linkage::v1::RetrieveRequest& request) {
    return RunTask(Retrieve(env(), MakeAsk(kRetrieve, "benefit", request)));
  }

  linkage::v1::RetrieveResponse Parsed(const Answer& answer) {
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    linkage::v1::RetrieveResponse response;
    EXPECT_TRUE(response.ParseFromString(answer.message));
    return response;
  }
};

TEST_F(LinkageTest, FindsTheProvidersAndAnswersWithEvidenceOfEach) {
  linkage::v1::RetrieveResponse response =
      Parsed(Ask(Request({"tax.category", "accounts.account"})));
  ASSERT_EQ(response.evidence_size(), 2);
  const linkage::v1::Evidence& account = response.evidence(0);
  EXPECT_EQ(account.dataset(), "accounts");
  EXPECT_EQ(account.provider(), "accounts/accounts");
  EXPECT_EQ(account.type_name(), "psm.accounts.v1.GetAccountResponse");
  EXPECT_EQ(account.as_of_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  const linkage::v1::Evidence& status = response.evidence(1);
  EXPECT_EQ(status.provider(), "yunagi/tax");
  EXPECT_EQ(status.as_of_time().seconds(), 42);
  tax::v1::GetTaxStatusResponse message;
  ASSERT_TRUE(message.ParseFromString(status.message()));
  EXPECT_EQ(message.category(), tax::v1::GetTaxStatusResponse::EXEMPT);
  ASSERT_EQ(log_.records.size(), 2u);
  EXPECT_NE(log_.records[0].exchange_id(), log_.records[1].exchange_id());
}

TEST_F(LinkageTest, WhoMayNotCallLearnsNotEvenWhatThereIs) {
  peer_.status = MakeError(absl::StatusCode::kUnauthenticated,
                           "CERTIFICATE_REVOKED", Party::kConsumer, "revoked");
  for (const char* attribute : {"tax.category", "no.such"}) {
    Answer answer = Ask(Request({attribute}));
    EXPECT_EQ(ReasonOf(answer.status), "CERTIFICATE_REVOKED") << attribute;
    EXPECT_EQ(answer.message, "");
    EXPECT_EQ(log_.records.back().exchange_id(), answer.exchange_id);
    EXPECT_EQ(log_.records.back().reason(), "CERTIFICATE_REVOKED");
  }
  EXPECT_EQ(log_.records.size(), 2u);
}

TEST_F(LinkageTest, TheLegsRunAtTheSameTime) {
  link_.hold = true;
  BeginTask(
      Retrieve(env(), MakeAsk(kRetrieve, "benefit",
                              Request({"tax.category", "accounts.account"}))));
  EXPECT_EQ(link_.held.size(), 2u);
  EXPECT_FALSE(answer_.has_value());
  link_.ReleaseHeld();
  executor_.RunAll();
  EXPECT_TRUE(answer_.has_value());
}

// The first leg has its answer long before the second.
TEST_F(LinkageTest, WhatEndsWhileALegWaitsForAnotherIsNotReleased) {
  link_.hold = true;
  BeginTask(
      Retrieve(env(), MakeAsk(kRetrieve, "benefit",
                              Request({"tax.category", "accounts.account"}))));
  ASSERT_EQ(link_.held.size(), 2u);
  auto slow = std::move(link_.held.back());
  link_.held.pop_back();
  const bool slow_is_tax = slow.first.path == kTax;
  link_.ReleaseHeld();
  executor_.RunAll();
  EXPECT_FALSE(answer_.has_value());
  EXPECT_TRUE(log_.records.empty()) << "a record says what is released";

  std::string less = kConfiguration;
  const std::string ended =
      slow_is_tax ? "id: \"benefit-account\"" : "id: \"benefit-tax\"";
  const std::string began = "valid_from: \"2026-01-01\"";
  less.insert(less.find(began, less.find(ended)),
              "valid_through: \"2026-01-02\" ");
  env().policy = MakePolicy(less);
  slow.second->Set(link_.providers.at(slow.first.path)(slow.first));
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  const linkage::v1::RetrieveResponse response = Parsed(*answer_);
  for (const linkage::v1::Evidence& evidence : response.evidence()) {
    const bool is_slow = (evidence.dataset() == "tax") == slow_is_tax;
    EXPECT_EQ(evidence.message().empty(), !is_slow) << evidence.dataset();
    EXPECT_EQ(evidence.has_status(), !is_slow) << evidence.dataset();
  }
  ASSERT_EQ(log_.records.size(), 2u);
  for (const records::v1::Record& record : log_.records) {
    const bool is_slow = (record.dataset() == "tax") == slow_is_tax;
    EXPECT_EQ(record.kind(), is_slow ? records::v1::Record::EXCHANGE
                                     : records::v1::Record::REFUSAL);
  }
}

// A leg that is refused at once keeps nobody waiting.
TEST_F(LinkageTest, ALegThatEndsBeforeTheOthersHoldsNoneOfThem) {
  link_.hold = true;
  BeginTask(
      Retrieve(env(), MakeAsk(kRetrieve, "benefit",
                              Request({"tax.category", "identity.address"}))));
  EXPECT_EQ(link_.held.size(), 1u);
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(Parsed(*answer_).evidence_size(), 2);
}

TEST_F(LinkageTest, ALegThatFailsSaysSoAndSinksNothing) {
  link_.providers[kAccount] =
      Refusing(MakeError(absl::StatusCode::kNotFound, "ACCOUNT_NOT_REGISTERED",
                         Party::kProvider, "none"));
  linkage::v1::RetrieveResponse response =
      Parsed(Ask(Request({"tax.category", "accounts.account"})));
  EXPECT_EQ(response.evidence(0).status().code(), 5);
  EXPECT_TRUE(response.evidence(0).message().empty());
  EXPECT_FALSE(response.evidence(1).has_status());
}

TEST_F(LinkageTest, AllOrNothingReleasesNothingWhenALegFails) {
  link_.providers[kAccount] =
      Refusing(MakeError(absl::StatusCode::kNotFound, "ACCOUNT_NOT_REGISTERED",
                         Party::kProvider, "none"));
  linkage::v1::RetrieveRequest request =
      Request({"tax.category", "accounts.account"});
  request.set_all_or_nothing(true);
  Answer answer = Ask(request);
  EXPECT_EQ(ReasonOf(answer.status), "ACCOUNT_NOT_REGISTERED");
  EXPECT_EQ(DetailOf(answer.status)->metadata.at("dataset"), "accounts");
  EXPECT_EQ(answer.message, "");
}

TEST_F(LinkageTest, ALegWithoutAgreementIsRefusedOnItsOwn) {
  linkage::v1::RetrieveResponse response =
      Parsed(Ask(Request({"tax.category", "identity.address"})));
  EXPECT_EQ(response.evidence(0).dataset(), "identity");
  EXPECT_EQ(response.evidence(0).status().code(), 7);
  EXPECT_FALSE(response.evidence(1).has_status());
}

TEST_F(LinkageTest, ReleasesWhatWasAskedForAndNoMore) {
  linkage::v1::RetrieveResponse response = Parsed(Ask(Request({"tax.income"})));
  tax::v1::GetTaxStatusResponse message;
  ASSERT_TRUE(message.ParseFromString(response.evidence(0).message()));
  EXPECT_EQ(message.category(),
            tax::v1::GetTaxStatusResponse::CATEGORY_UNSPECIFIED)
      << "agreed, but not asked for";
  EXPECT_EQ(message.income_yen(), 0) << "asked for, but not agreed";
}

TEST_F(LinkageTest, ARetryRetriesTheSameLegs) {
  auto ask = MakeAsk(kRetrieve, "benefit", Request({"tax.category"}));
  ask.exchange_id = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";
  linkage::v1::RetrieveResponse first = Parsed(RunTask(Retrieve(env(), ask)));
  linkage::v1::RetrieveResponse second = Parsed(RunTask(Retrieve(env(), ask)));
  EXPECT_EQ(first.evidence(0).exchange_id(), second.evidence(0).exchange_id());
  EXPECT_TRUE(IsUuid(first.evidence(0).exchange_id()));
  EXPECT_EQ(log_.records.size(), 1u);
}

TEST_F(LinkageTest, WhatNobodyCanAnswerIsSaidBeforeAnybodyIsAsked) {
  for (const char* attribute : {"tax", "tax.", ".category", "tax.nothing",
                                "nothing.category", "residents.subject"}) {
    EXPECT_EQ(ReasonOf(Ask(Request({attribute})).status), "UNKNOWN_ATTRIBUTE")
        << attribute;
  }
  EXPECT_EQ(ReasonOf(Ask(Request({})).status), "UNKNOWN_ATTRIBUTE");
  EXPECT_TRUE(link_.requests.empty());
}

}  // namespace
}  // namespace psm
