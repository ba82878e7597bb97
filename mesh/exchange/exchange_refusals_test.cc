// Exchanges that are refused: why, what of it is recorded, and that nothing
// leaves.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "mesh/exchange/exchange.h"
#include "mesh/exchange/tax_exchange_fixture.h"
#include "psm/residents/v1/residents.pb.h"

namespace psm {
namespace {

using records::v1::Record;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using ExchangeRefusalsTest = TaxExchangeFixture;

TEST_F(ExchangeRefusalsTest, ARefusalIsRecordedToo) {
  peer_.status = absl::OkStatus();
  Ask ask = TaxAsk('h');
  ask.affair = "arrears";
  Answer answer = Run(std::move(ask));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(answer.status), "NO_AGREEMENT");
  EXPECT_THAT(link_.requests, IsEmpty());
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].kind(), Record::REFUSAL);
  EXPECT_EQ(log_.records[0].subject(), RecordsCode('h'));
  EXPECT_EQ(log_.records[0].reason(), "NO_AGREEMENT");
  EXPECT_THAT(log_.records[0].released(), IsEmpty());
}

TEST_F(ExchangeRefusalsTest, ARefusalThatCannotBeRecordedSaysThatInstead) {
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  Ask ask = TaxAsk('h');
  ask.affair = "arrears";
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "RECORD_NOT_DURABLE");
}

TEST_F(ExchangeRefusalsTest, AFloodOfRefusalsIsCountedNotWritten) {
  for (int i = 0; i < 200; ++i) {
    Ask ask = TaxAsk('h');
    ask.affair = "arrears";
    EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "NO_AGREEMENT");
  }
  EXPECT_EQ(log_.records.size(), RefusalCounter::kIndividualRecords);
  EXPECT_THAT(refusals_.TakeFinished(clock_.Now()), IsEmpty());
  clock_.Advance(absl::Minutes(1));
  std::vector<Record> counted = refusals_.TakeFinished(clock_.Now());
  ASSERT_EQ(counted.size(), 1u);
  EXPECT_EQ(counted[0].kind(), Record::REFUSALS);
  EXPECT_EQ(counted[0].count(), 200 - RefusalCounter::kIndividualRecords);
  EXPECT_EQ(counted[0].subject(), RecordsCode('h'));
  EXPECT_THAT(refusals_.TakeFinished(clock_.Now()), IsEmpty());
}

TEST_F(ExchangeRefusalsTest, AnotherAgencysCodeIsRefused) {
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(Code("yunagi", 'h'));
  Answer answer = Run(MakeAsk(kTax, "benefit", request));
  EXPECT_EQ(ReasonOf(answer.status), "SUBJECT_CODE_INVALID");
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].subject(), "");
  EXPECT_THAT(link_.requests, IsEmpty());
}

TEST_F(ExchangeRefusalsTest, GuessingCodesIsStopped) {
  tax::v1::GetTaxStatusRequest request;
  request.set_subject(Code("yunagi", 'h'));
  std::string last;
  for (int i = 0; i < 60; ++i)
    last = ReasonOf(Run(MakeAsk(kTax, "benefit", request)).status);
  EXPECT_EQ(last, "QUOTA_EXCEEDED");
  clock_.Advance(absl::Seconds(30));
  EXPECT_TRUE(Run(TaxAsk('h')).status.ok());
}

TEST_F(ExchangeRefusalsTest, ARevokedCertificateIsRefusedOnALiveConnection) {
  peer_.status = MakeError(absl::StatusCode::kUnauthenticated,
                           "CERTIFICATE_REVOKED", Party::kConsumer, "revoked");
  EXPECT_EQ(ReasonOf(Run(TaxAsk('h')).status), "CERTIFICATE_REVOKED");
  EXPECT_THAT(link_.requests, IsEmpty());
  ASSERT_THAT(log_.records, SizeIs(1));
  EXPECT_EQ(log_.records[0].kind(), Record::REFUSAL);
  EXPECT_EQ(log_.records[0].reason(), "CERTIFICATE_REVOKED");
  EXPECT_EQ(log_.records[0].subject(), "") << "from a stranger, about nobody";
}

TEST_F(ExchangeRefusalsTest,
       ACertificateRevokedWhileTheProviderWorksReleasesNothing) {
  link_.hold = true;
  Begin(TaxAsk('h'));
  peer_.status = MakeError(absl::StatusCode::kUnauthenticated,
                           "CERTIFICATE_REVOKED", Party::kConsumer, "revoked");
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "CERTIFICATE_REVOKED");
  EXPECT_EQ(answer_->message, "");
}

TEST_F(ExchangeRefusalsTest,
       AnAgreementEndedWhileTheProviderWorksReleasesNothing) {
  link_.hold = true;
  Begin(TaxAsk('h'));
  std::string text = kConfiguration;
  text.replace(text.find("benefit-tax\"\n    version: 3"), 11, "benefit-old");
  text.replace(text.find("valid_from: \"2026-01-01\""), 24,
               "valid_from: \"2026-01-01\" valid_through: \"2026-01-02\"");
  env().policy = MakePolicy(text);
  link_.ReleaseHeld();
  executor_.RunAll();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(ReasonOf(answer_->status), "AGREEMENT_NOT_IN_FORCE");
  EXPECT_EQ(answer_->message, "");
}

TEST_F(ExchangeRefusalsTest,
       OfSeveralProvidersOneMustBeNamedAndOneThatTheAgreementNames) {
  residents::v1::GetHouseholdRequest request;
  request.set_subject(Code("akatsuki", 'h'));
  Ask ask = MakeAsk(kHousehold, "benefit", request);
  EXPECT_EQ(ReasonOf(Run(ask).status), "PROVIDER_REQUIRED");
  ask.provider = "yunagi/tax";
  EXPECT_EQ(ReasonOf(Run(ask).status), "PROVIDER_UNKNOWN");
  ask.provider = "yunagi/residents";
  EXPECT_EQ(ReasonOf(Run(ask).status), "NO_AGREEMENT");
}

TEST_F(ExchangeRefusalsTest, APersonTwiceInARequestIsRefused) {
  Ask ask = TaxAsk('h');
  tax::v1::GetTaxStatusRequest other;
  other.set_subject(Code("akatsuki", 'm'));
  ask.message += other.SerializeAsString();
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "FIELD_REPEATED");
}

TEST_F(ExchangeRefusalsTest, WhatIsMissingIsSaid) {
  Ask ask = TaxAsk('h');
  ask.affair = "";
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "AFFAIR_REQUIRED");
  EXPECT_EQ(
      ReasonOf(
          Run(MakeAsk(kTax, "benefit", tax::v1::GetTaxStatusRequest())).status),
      "SUBJECT_REQUIRED");
  EXPECT_EQ(ReasonOf(Run(MakeAsk("/psm.tax.v1.TaxService/Nothing", "benefit",
                                 tax::v1::GetTaxStatusRequest()))
                         .status),
            "UNKNOWN_METHOD");
  FakePeer stranger("nobody/nothing");
  ask = TaxAsk('h');
  ask.peer = &stranger;
  EXPECT_EQ(ReasonOf(Run(std::move(ask)).status), "UNKNOWN_SYSTEM");
}

}  // namespace
}  // namespace psm
