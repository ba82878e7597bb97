#include "mesh/exchange/exchange.h"

#include <map>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "mesh/exchange/tax_exchange_fixture.h"
#include "psm/identity/v1/sign_in.pb.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {
namespace {

using records::v1::Record;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kId[] = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";

using ExchangeTest = TaxExchangeFixture;

TEST_F(ExchangeTest, ReleasesTheAgreedAttributesAndNoOthers) {
  Answer answer = Run(TaxAsk('h'));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  tax::v1::GetTaxStatusResponse got;
  ASSERT_TRUE(got.ParseFromString(answer.message));
  EXPECT_EQ(got.category(), tax::v1::GetTaxStatusResponse::EXEMPT);
  EXPECT_EQ(got.fiscal_year(), 2026);
  EXPECT_EQ(got.income_yen(), 0);
}

TEST_F(ExchangeTest, TheProviderHearsItsOwnCodeAndWhoAsksForWhat) {
  Run(TaxAsk('h'));
  ASSERT_EQ(link_.requests.size(), 1u);
  const ProviderRequest& request = link_.requests.front();
  tax::v1::GetTaxStatusRequest got;
  ASSERT_TRUE(got.ParseFromString(request.message));
  EXPECT_EQ(got.subject(), Code("yunagi", 'h'));
  EXPECT_EQ(request.provider->id, "yunagi/tax");
  std::map<std::string, std::string> metadata(request.metadata.begin(),
                                              request.metadata.end());
  EXPECT_EQ(metadata["psm-consumer"], "akatsuki/benefits");
  EXPECT_EQ(metadata["psm-affair"], "benefit");
  EXPECT_EQ(metadata["psm-attributes"], "category");
  EXPECT_EQ(metadata.count("psm-consent-id"), 0u) << "by statute";
}

TEST_F(ExchangeTest, RecordsWhoAskedForWhatOnWhichBasis) {
  Ask ask = TaxAsk('h');
  ask.exchange_id = kId;
  std::string request = ask.message;
  Run(std::move(ask));
  ASSERT_EQ(log_.records.size(), 1u);
  const Record& record = log_.records.front();
  EXPECT_EQ(record.kind(), Record::EXCHANGE);
  EXPECT_EQ(record.exchange_id(), kId);
  EXPECT_EQ(record.consumer(), "akatsuki/benefits");
  EXPECT_EQ(record.provider(), "yunagi/tax");
  EXPECT_EQ(record.method(), "psm.tax.v1.TaxService/GetTaxStatus");
  EXPECT_EQ(record.affair(), "benefit");
  EXPECT_EQ(record.agreement(), "benefit-tax");
  EXPECT_EQ(record.agreement_version(), 3u);
  EXPECT_EQ(record.subject(), RecordsCode('h'));
  EXPECT_THAT(record.released(), ElementsAre("category"));
  EXPECT_THAT(record.withheld(), ElementsAre("income"));
  EXPECT_EQ(record.request_digest(), Sha256(request));
  EXPECT_TRUE(record.has_provide_time());
  EXPECT_EQ(record.gateway(), "test");
}

TEST_F(ExchangeTest, NothingIsReleasedBeforeTheRecordIsDurable) {
  log_.hold = true;
  Begin(TaxAsk('h'));
  EXPECT_EQ(link_.requests.size(), 1u);
  EXPECT_FALSE(answer_.has_value());
  log_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_TRUE(answer_->status.ok());
}

TEST_F(ExchangeTest, NothingIsReleasedWhenTheRecordCannotBeMadeDurable) {
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  Answer answer = Run(TaxAsk('h'));
  EXPECT_EQ(link_.requests.size(), 1u);  // the provider answered
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(answer.status), "RECORD_NOT_DURABLE");
  EXPECT_EQ(answer.message, "");
}

TEST_F(ExchangeTest, EveryPersonThatAnAnswerNamesGetsARecord) {
  residents::v1::GetHouseholdResponse household;
  for (char person : {'h', 'm', 'c'}) {
    residents::v1::Member* member = household.add_members();
    member->set_subject(Code("akatsuki", person));
    member->set_name("name");
    member->set_kana("kana");
  }
  link_.providers[kHousehold] = Answering(household);
  residents::v1::GetHouseholdRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  Ask ask = MakeAsk(kHousehold, "benefit", request);
  ask.provider = "akatsuki/residents";
  Answer answer = Run(std::move(ask));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  ASSERT_EQ(log_.records.size(), 3u);
  EXPECT_EQ(log_.records[0].subject(), RecordsCode('h'));
  EXPECT_FALSE(log_.records[0].named_in_answer());
  EXPECT_EQ(log_.records[1].subject(), RecordsCode('m'));
  EXPECT_TRUE(log_.records[1].named_in_answer());
  residents::v1::GetHouseholdResponse got;
  ASSERT_TRUE(got.ParseFromString(answer.message));
  EXPECT_EQ(got.members(1).name(), "name");
  EXPECT_EQ(got.members(1).kana(), "");
}

TEST_F(ExchangeTest, AProvidersErrorKeepsItsReasonAndLosesItsWords) {
  link_.providers[kTax] = Refusing(
      MakeError(absl::StatusCode::kNotFound, "NOT_A_TAXPAYER", Party::kProvider,
                "hanako aozora, 2 chome", {{"address", "secret"}}));
  Answer answer = Run(TaxAsk('h'));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(answer.status), "NOT_A_TAXPAYER");
  EXPECT_EQ(answer.status.ToString().find("hanako"), std::string::npos);
  EXPECT_EQ(DetailOf(answer.status)->metadata.count("address"), 0u);

  link_.providers[kTax] = Refusing(MakeError(
      absl::StatusCode::kNotFound, "HANAKO_LIVES_HERE", Party::kProvider, "x"));
  EXPECT_EQ(ReasonOf(Run(TaxAsk('h')).status), "PROVIDER_ERROR");
}

// As gRPC servers end what they have not begun when they are stopped.
TEST_F(ExchangeTest, AProviderThatCancelsIsUnavailable) {
  link_.providers[kTax] = Refusing(absl::CancelledError("shutting down"));
  Answer answer = Run(TaxAsk('h'));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(answer.status), "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(log_.records.back().reason(), "PROVIDER_UNAVAILABLE");
}

TEST_F(ExchangeTest, AProvidersForeignCodeOrBrokenAnswerIsNotReleased) {
  residents::v1::GetHouseholdResponse household;
  household.add_members()->set_subject(Code("yunagi", 'h'));
  link_.providers[kHousehold] = Answering(household);
  residents::v1::GetHouseholdRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  Ask ask = MakeAsk(kHousehold, "benefit", request);
  ask.provider = "akatsuki/residents";
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "PROVIDER_ANSWER_MALFORMED");
}

TEST_F(ExchangeTest, ACancelledExchangeIsRecordedAndReleasesNothing) {
  link_.hold = true;
  Begin(TaxAsk('h'));
  cancellation_.Cancel(MakeError(absl::StatusCode::kDeadlineExceeded,
                                 "DEADLINE_EXCEEDED", Party::kConsumer,
                                 "late"));
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(answer_->status.code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].kind(), Record::REFUSAL);
}

TEST_F(ExchangeTest, ARetryWithTheSameAnswerIsRecordedOnce) {
  Ask ask = TaxAsk('h');
  ask.exchange_id = kId;
  Answer first = Run(ask);
  Answer second = Run(ask);
  EXPECT_EQ(first.message, second.message);
  EXPECT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(link_.requests.size(), 2u);  // authorised and invoked again
}

TEST_F(ExchangeTest, AnExchangeIdOfAnotherRequestIsRefused) {
  Ask ask = TaxAsk('h');
  ask.exchange_id = kId;
  Run(ask);
  Ask other = TaxAsk('m');
  other.exchange_id = kId;
  EXPECT_EQ(ReasonOf(Run(other).status), "EXCHANGE_ID_REUSED");
}

TEST_F(ExchangeTest, ATransparentMethodIsNoExchange) {
  Answer answer = Run(MakeAsk("/psm.identity.v1.SignInService/BeginSignIn", "",
                              identity::v1::BeginSignInRequest()));
  EXPECT_EQ(ReasonOf(answer.status), "UNKNOWN_METHOD");
  EXPECT_THAT(link_.requests, IsEmpty());
}

}  // namespace
}  // namespace psm
