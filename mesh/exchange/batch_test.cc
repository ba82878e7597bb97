#include "mesh/exchange/batch.h"

#include <optional>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/exchange/exchange_fixture.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/tax/v1/tax.pb.h"

namespace psm {
namespace {

constexpr char kGetStatus[] = "/psm.tax.v1.TaxService/GetTaxStatus";
constexpr char kQuestion[] = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";
constexpr char kOtherQuestion[] = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b11";

class BatchTest : public ExchangeFixture {
 protected:
  void SetUp() override {
    ExchangeFixture::SetUp();
    tax::v1::GetTaxStatusResponse status;
    status.set_category(tax::v1::GetTaxStatusResponse::EXEMPT);
    link_.providers[kGetStatus] = Answering(status);
  }

  linkage::v1::RetrieveBatchRequest Question(const std::string& id, char person,
                                             const std::string& attribute) {
    linkage::v1::RetrieveBatchRequest request;
    request.set_exchange_id(id);
    request.mutable_question()->set_subject(Code("akatsuki", person));
    request.mutable_question()->add_attributes(attribute);
    return request;
  }

  // Has `message` taken and answered.
  absl::StatusOr<linkage::v1::RetrieveBatchResponse> Put(
      const linkage::v1::RetrieveBatchRequest& request) {
    psm::Ask ask = MakeAsk(std::string(kRetrieveBatchPath), "benefit", request);
    linkage::v1::RetrieveRequest question;
    PSM_RETURN_IF_ERROR(ReadQuestion(ask.message, ask, question));
    std::optional<std::string> answer;
    Start(AnswerQuestion(env(), std::move(ask), std::move(question)),
          [&](std::string message) { answer = std::move(message); });
    executor_.RunAll();
    linkage::v1::RetrieveBatchResponse response;
    if (!answer.has_value() || !response.ParseFromString(*answer))
      return absl::InternalError("no answer");
    return response;
  }
};

TEST_F(BatchTest, AnswersAsIfTheQuestionHadComeAlone) {
  const auto response = Put(Question(kQuestion, 'h', "tax.category"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->exchange_id(), kQuestion);
  EXPECT_FALSE(response->has_status());
  ASSERT_EQ(response->answer().evidence_size(), 1);
  const linkage::v1::Evidence& evidence = response->answer().evidence(0);
  EXPECT_FALSE(evidence.receipt().empty());
  tax::v1::GetTaxStatusResponse message;
  ASSERT_TRUE(message.ParseFromString(evidence.message()));
  EXPECT_EQ(message.category(), tax::v1::GetTaxStatusResponse::EXEMPT);
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].exchange_id(), evidence.exchange_id());
}

TEST_F(BatchTest, EveryQuestionIsAnExchangeAndARetryOfItTheSameOne) {
  const auto first = Put(Question(kQuestion, 'h', "tax.category"));
  const auto second = Put(Question(kOtherQuestion, 'h', "tax.category"));
  const auto again = Put(Question(kQuestion, 'h', "tax.category"));
  ASSERT_TRUE(first.ok() && second.ok() && again.ok());
  EXPECT_NE(first->answer().evidence(0).exchange_id(),
            second->answer().evidence(0).exchange_id());
  EXPECT_EQ(first->answer().evidence(0).exchange_id(),
            again->answer().evidence(0).exchange_id());
  EXPECT_EQ(log_.records.size(), 2u);
}

TEST_F(BatchTest, ARefusedQuestionSaysSoInItsAnswer) {
  const auto unknown = Put(Question(kQuestion, 'h', "no.such"));
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_EQ(unknown->exchange_id(), kQuestion);
  EXPECT_EQ(unknown->status().code(), 3);
  EXPECT_FALSE(unknown->has_answer());

  auto foreign = Question(kOtherQuestion, 'h', "tax.category");
  foreign.mutable_question()->set_subject(Code("yunagi", 'h'));
  const auto refused = Put(foreign);
  ASSERT_TRUE(refused.ok()) << refused.status();
  ASSERT_EQ(refused->answer().evidence_size(), 1);
  EXPECT_TRUE(refused->answer().evidence(0).has_status());
  EXPECT_TRUE(refused->answer().evidence(0).message().empty());
}

TEST_F(BatchTest, WhatHoldsNoMoreIsRefusedFromTheNextQuestionOn) {
  ASSERT_TRUE(Put(Question(kQuestion, 'h', "tax.category")).ok());
  peer_.status = MakeError(absl::StatusCode::kUnauthenticated,
                           "CERTIFICATE_REVOKED", Party::kConsumer, "revoked");
  const auto response = Put(Question(kOtherQuestion, 'h', "tax.category"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status().code(), 16);
  EXPECT_FALSE(response->has_answer());
  EXPECT_EQ(log_.records.back().reason(), "CERTIFICATE_REVOKED");
}

TEST_F(BatchTest, AnAnswerThatCouldNotBeToldFromAnothersIsNotMade) {
  for (const char* id : {"", "1", "6F1C3A58-9D0F-4F0E-8A51-2F6F5D7C9B10"}) {
    EXPECT_EQ(ReasonOf(Put(Question(id, 'h', "tax.category")).status()),
              "MESSAGE_MALFORMED")
        << id;
  }
  psm::Ask ask;
  linkage::v1::RetrieveRequest question;
  EXPECT_EQ(ReasonOf(ReadQuestion("\xff", ask, question)), "MESSAGE_MALFORMED");
  EXPECT_TRUE(log_.records.empty());
  EXPECT_TRUE(link_.requests.empty());
}

// A token given with the call would speak for every question.
TEST_F(BatchTest, AConsentIsTheQuestionsOwn) {
  psm::Ask ask;
  linkage::v1::RetrieveRequest question;
  ask.consent = "of the stream";
  auto request = Question(kQuestion, 'h', "tax.category");
  ASSERT_TRUE(ReadQuestion(request.SerializeAsString(), ask, question).ok());
  EXPECT_EQ(ask.consent, "");
  request.set_consent("of the question");
  ASSERT_TRUE(ReadQuestion(request.SerializeAsString(), ask, question).ok());
  EXPECT_EQ(ask.consent, "of the question");
}

}  // namespace
}  // namespace psm
