// 2. What is agreed is given, and nothing else.
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

class Agreements : public Scenario {};

TEST_F(Agreements, WhatWasNotAgreedIsDroppedAndRecordedAsWithheld) {
  const TaxReply reply = AskTax(mesh(), "hanako", {.provider = kMinatoTax});
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply->category(), tax::v1::GetTaxStatusResponse::TAXED);
  EXPECT_EQ(reply->income_yen(), 0);
  EXPECT_EQ(reply->arrears_yen(), 0);
  const Record record = OnlyRecord(mesh(), {.exchange_id = reply.exchange_id});
  EXPECT_EQ(Released(record), std::vector<std::string>{"category"});
  EXPECT_EQ(Withheld(record), (std::vector<std::string>{"arrears", "income"}));
  EXPECT_NE(record.provided_digest(), record.released_digest());
}

TEST_F(Agreements, WithoutAnAgreementNothingIsAskedOfTheProvider) {
  const std::string code = mesh().Person("kenji").CodeAt("yunagi");
  const AccountReply reply =
      AskAccount(mesh(), kYunagiTax, code, "collect-arrears");
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(reply.status), "NO_AGREEMENT");
  EXPECT_EQ(reply->ByteSizeLong(), 0u);
  const Record record =
      OnlyRecord(mesh(), {.exchange_id = reply.exchange_id, .person = "kenji"});
  EXPECT_EQ(record.kind(), Record::REFUSAL);
  EXPECT_EQ(record.reason(), "NO_AGREEMENT");
  EXPECT_FALSE(record.has_provide_time());
}

TEST_F(Agreements, AnotherAffairIsAnotherQuestion) {
  const std::string code = mesh().Person("hanako").CodeAt("akatsuki");
  ASSERT_TRUE(AskAccount(mesh(), kBenefits, code).status.ok());
  for (const char* affair :
       {"collect-arrears", "business-subsidy", "no-such"}) {
    const AccountReply reply = AskAccount(mesh(), kBenefits, code, affair);
    EXPECT_EQ(ReasonOf(reply.status), "NO_AGREEMENT") << affair;
    EXPECT_EQ(reply->ByteSizeLong(), 0u);
    const Record record = OnlyRecord(
        mesh(), {.exchange_id = reply.exchange_id, .person = "hanako"});
    EXPECT_EQ(record.kind(), Record::REFUSAL);
    EXPECT_EQ(record.affair(), affair);
    EXPECT_FALSE(record.has_provide_time());
  }
  EXPECT_EQ(ReasonOf(AskAccount(mesh(), kBenefits, code, "").status),
            "AFFAIR_REQUIRED");
}

TEST_F(Agreements, AnotherAgencysCodeNamesNobody) {
  for (const char* agency : {"yunagi", "accounts", "identity"}) {
    const AccountReply reply =
        AskAccount(mesh(), kBenefits, mesh().Person("hanako").CodeAt(agency));
    EXPECT_EQ(ReasonOf(reply.status), "SUBJECT_CODE_INVALID") << agency;
    const Record record =
        OnlyRecord(mesh(), {.exchange_id = reply.exchange_id});
    EXPECT_EQ(record.kind(), Record::REFUSAL);
    EXPECT_EQ(record.subject(), "");
  }
}

TEST_F(Agreements, GuessingCodesIsSlowedDown) {
  std::string code = mesh().Person("hanako").CodeAt("akatsuki");
  absl::Status last;
  for (int i = 0; i < 80 && ReasonOf(last) != "QUOTA_EXCEEDED"; ++i) {
    code[static_cast<std::size_t>(i % 20)] ^= 1;
    last = AskAccount(mesh(), "akatsuki/tax", code).status;
  }
  EXPECT_EQ(ReasonOf(last), "QUOTA_EXCEEDED");
  EXPECT_TRUE(AskTax(mesh()).status.ok()) << "others go on";
}

TEST_F(Agreements, AForgedConsumerNameIsDroppedAndTheTrueOneArrives) {
  LogWatch seen = WatchMinato(mesh());
  const TaxReply reply =
      AskTax(mesh(), "hanako",
             {.provider = kMinatoTax,
              .metadata = {{"psm-consumer", "identity/identity"},
                           {"psm-attributes", "arrears,category,income"},
                           {"psm-consent-id", "forged"},
                           {"x-forwarded-client-cert", "forged"},
                           {"x-own", "not for an exchange"}}});
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  absl::StatusOr<LogLine> call = seen.Await({"called"}, absl::Seconds(5));
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ((*call)["psm-consumer"], kBenefits);
  EXPECT_EQ((*call)["psm-attributes"], "category");
  EXPECT_EQ((*call)["psm-exchange-id"], reply.exchange_id);
  EXPECT_EQ((*call)["subject"], mesh().Person("hanako").CodeAt("minato"));
  EXPECT_EQ(call->count("x-forwarded-client-cert"), 0u);
  EXPECT_EQ(call->count("psm-consent-id"), 0u) << "the basis is a statute";
  EXPECT_EQ(call->count("x-own"), 0u);
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = reply.exchange_id}).consumer(),
            kBenefits);
}

// proto3 libraries take the last of two; a provider that took the first would
// answer about another person than was authorised.
TEST_F(Agreements, ASubjectNamedTwiceIsRefused) {
  tax::v1::GetTaxStatusRequest one = TaxRequest(mesh(), "hanako");
  tax::v1::GetTaxStatusRequest other = TaxRequest(mesh(), "taro");
  const std::string bytes = one.SerializeAsString() + other.SerializeAsString();
  grpc::GenericStub stub(mesh().Client(kBenefits).Channel());
  std::unique_ptr<grpc::ClientContext> context =
      mesh().Client(kBenefits).Context(
          {.affair = kBenefitAffair, .provider = kMinatoTax});
  grpc::Slice slice(bytes);
  grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  grpc::CompletionQueue queue;
  grpc::Status status;
  auto call = stub.PrepareUnaryCall(
      context.get(), "/psm.tax.v1.TaxService/GetTaxStatus", sent, &queue);
  call->StartCall();
  call->Finish(&received, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(received.Length(), 0u);
  const auto id = context->GetServerTrailingMetadata().find("psm-exchange-id");
  ASSERT_NE(id, context->GetServerTrailingMetadata().end());
  EXPECT_EQ(OnlyRecord(mesh(), {.exchange_id = std::string(id->second.data(),
                                                           id->second.size())})
                .kind(),
            Record::REFUSAL);
}

TEST_F(Agreements, AMessageOverTheLimitIsRefusedAndOthersGoOn) {
  LogWatch minato = WatchMinato(mesh());
  tax::v1::GetTaxStatusRequest request = TaxRequest(mesh(), "hanako");
  request.set_subject(std::string(5 << 20, 'x'));
  const TaxReply reply = mesh().Client(kBenefits).Call(
      &tax::v1::TaxService::Stub::GetTaxStatus,
      {.affair = kBenefitAffair, .provider = kMinatoTax}, request);
  EXPECT_EQ(ReasonOf(reply.status), "MESSAGE_TOO_LARGE") << reply.status;
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      minato.Await({"called"}, absl::ZeroDuration()).status()))
      << "the provider was asked";
  EXPECT_TRUE(AskTax(mesh()).status.ok());
}

}  // namespace
}  // namespace psm::testing
