// 37. A thousand questions over one stream: each an exchange of its own, none
// of which ends the others; and what changes amid them binds.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mesh/records/leg_exchange_id.h"
#include "psm/identity/v1/consent.grpc.pb.h"
#include "psm/records/v1/receipt.pb.h"
#include "tests/scenarios/batch_scenario.h"

namespace psm::testing {
namespace {

constexpr int kQuestions = 1000;

TEST_F(Batches, AThousandQuestionsAreAThousandExchangesAndSoIsTheirRetry) {
  std::vector<RetrieveBatchRequest> questions;
  for (int i = 0; i < kQuestions; ++i) {
    questions.push_back(Question(NewExchangeId()));
    if (i % 10 == 3)
      questions.back().mutable_question()->set_attributes(0, "no.such");
    if (i % 500 == 7) {
      // Another agency's code: refused and recorded.
      questions.back().mutable_question()->set_subject(
          mesh().Person("hanako").CodeAt("portal"));
    }
  }
  std::map<std::string, std::uint64_t> leaves;  // by leg, of the first time
  for (int time = 0; time < 2; ++time) {
    Batch batch(mesh());
    std::thread asking([&] {
      for (const RetrieveBatchRequest& question : questions)
        if (!batch.Ask(question)) return;
      batch.AskNoMore();
    });
    std::map<std::string, RetrieveBatchResponse> answers;
    for (;;) {
      RetrieveBatchResponse response = batch.Next();
      if (response.exchange_id().empty()) break;
      EXPECT_TRUE(answers.emplace(response.exchange_id(), response).second);
    }
    asking.join();
    const absl::Status end = batch.End();
    ASSERT_TRUE(end.ok()) << end;
    ASSERT_EQ(answers.size(), questions.size());
    for (int i = 0; i < kQuestions; ++i) {
      const RetrieveBatchResponse& answer =
          answers[questions[static_cast<std::size_t>(i)].exchange_id()];
      if (i % 10 == 3) {
        EXPECT_EQ(answer.status().code(), 3) << i;
        continue;
      }
      ASSERT_EQ(answer.answer().evidence_size(), 1) << i;
      const linkage::v1::Evidence& leg = answer.answer().evidence(0);
      EXPECT_EQ(leg.has_status(), i % 500 == 7) << i;
      EXPECT_EQ(leg.message().empty(), i % 500 == 7) << i;
      if (i % 500 == 7) continue;
      EXPECT_EQ(leg.exchange_id(), LegExchangeId(answer.exchange_id(), "tax"));
      records::v1::Receipt receipt;
      ASSERT_TRUE(receipt.ParseFromString(leg.receipt()));
      ASSERT_EQ(receipt.leaves_size(), 1);
      const auto leaf =
          leaves.emplace(leg.exchange_id(), receipt.leaves(0).index()).first;
      EXPECT_EQ(leaf->second, receipt.leaves(0).index()) << i;
    }
  }
  const auto records =
      mesh().Records({.provider = kYunagiTax, .person = "hanako"});
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->size(), static_cast<std::size_t>(kQuestions) * 9 / 10 - 2)
      << "one record each, and none for the retry";
}

TEST_F(Batches, AnAgreementThatEndsAmidAStreamBindsFromTheNextQuestionOn) {
  ASSERT_TRUE(mesh().EditAgreements(ArrearsAgreement()).ok());
  Batch batch(mesh(), "collect-arrears");
  ASSERT_TRUE(batch.Ask(Question(NewExchangeId())));
  const RetrieveBatchResponse before = batch.Next();
  EXPECT_TRUE(Answered(before)) << before.ShortDebugString();
  ASSERT_TRUE(mesh().EditAgreements("").ok());
  ASSERT_TRUE(batch.Ask(Question(NewExchangeId())));
  const RetrieveBatchResponse after = batch.Next();
  ASSERT_EQ(after.answer().evidence_size(), 1);
  EXPECT_EQ(after.answer().evidence(0).status().code(), 7)
      << after.ShortDebugString();
  batch.AskNoMore();
  EXPECT_TRUE(batch.End().ok());
}

TEST_F(Batches,
       AProviderThatSaysNothingHoldsUpNobodyElseAndACancelEndsTheStream) {
  mesh().Silence(kYunagiTax);
  {
    Batch batch(mesh());
    std::thread asking([&] {
      while (batch.Ask(Question(NewExchangeId()))) {
      }
    });
    // Somebody else is served meanwhile, of another provider.
    linkage::v1::RetrieveRequest other;
    other.set_subject(mesh().Person("hanako").CodeAt("akatsuki"));
    other.add_attributes("accounts.account");
    const auto reply = mesh().Client(kBenefits).Call(
        &LinkageService::Stub::Retrieve, {.affair = kBenefitAffair}, other);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    batch.Cancel();
    asking.join();
    EXPECT_TRUE(absl::IsCancelled(batch.End()));
  }
  mesh().Mend(kYunagiTax);
  ASSERT_TRUE(AskTaxUntilAnswered(mesh()).ok());
  Batch batch(mesh());
  ASSERT_TRUE(batch.Ask(Question(NewExchangeId())));
  EXPECT_TRUE(Answered(batch.Next()));
}

TEST_F(Batches, AQuestionThatWaitsHoldsUpNoLaterOneOfItsStream) {
  mesh().Silence(kYunagiTax);
  {
    Batch batch(mesh());
    ASSERT_TRUE(batch.Ask(Question(NewExchangeId())));
    RetrieveBatchRequest other = Question(NewExchangeId());
    other.mutable_question()->set_attributes(0, "accounts.account");
    other.mutable_question()->clear_providers();
    ASSERT_TRUE(batch.Ask(other));
    const RetrieveBatchResponse first = batch.Next();
    EXPECT_EQ(first.exchange_id(), other.exchange_id());
    EXPECT_TRUE(Answered(first)) << first.ShortDebugString();
  }
  mesh().Mend(kYunagiTax);
  EXPECT_TRUE(AskTaxUntilAnswered(mesh()).ok());
}

TEST_F(Batches, AConsentSpeaksForItsOwnQuestionAndIsWithdrawnAmidAStream) {
  ASSERT_TRUE(mesh().EditAgreements(kBenefitsByConsent).ok());
  identity::v1::GrantConsentRequest wish;
  wish.set_subject(mesh().Person("hanako").CodeAt("portal"));
  wish.set_consumer(kBenefits);
  wish.set_affair("customer-address");
  wish.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
  wish.add_attributes("address");
  const auto consent =
      mesh()
          .Client("portal/terminal")
          .Call(&identity::v1::ConsentService::Stub::GrantConsent,
                {.affair = "own-request"}, wish);
  ASSERT_TRUE(consent.status.ok()) << consent.status;

  const auto question = [&](const std::string& person) {
    RetrieveBatchRequest request;
    request.set_exchange_id(NewExchangeId());
    request.set_consent(consent->token());
    request.mutable_question()->set_subject(
        mesh().Person(person).CodeAt("akatsuki"));
    request.mutable_question()->add_attributes("identity.address");
    return request;
  };
  Batch batch(mesh(), "customer-address");
  ASSERT_TRUE(batch.Ask(question("hanako")));
  const RetrieveBatchResponse before = batch.Next();
  EXPECT_TRUE(Answered(before)) << before.ShortDebugString();
  ASSERT_TRUE(batch.Ask(question("taro")));
  EXPECT_EQ(ReasonOfLeg(batch.Next()), "CONSENT_INVALID");
  RetrieveBatchRequest without = question("hanako");
  without.clear_consent();
  ASSERT_TRUE(batch.Ask(without));
  EXPECT_EQ(ReasonOfLeg(batch.Next()), "CONSENT_REQUIRED");

  identity::v1::WithdrawConsentRequest change;
  change.set_subject(wish.subject());
  change.set_consent_id(consent->consent_id());
  ASSERT_TRUE(mesh()
                  .Client("portal/terminal")
                  .Call(&identity::v1::ConsentService::Stub::WithdrawConsent,
                        {.affair = "own-request"}, change)
                  .status.ok());
  ASSERT_TRUE(batch.Ask(question("hanako")));
  EXPECT_EQ(ReasonOfLeg(batch.Next()), "CONSENT_WITHDRAWN");
  batch.AskNoMore();
  EXPECT_TRUE(batch.End().ok());
  ASSERT_TRUE(mesh().EditAgreements("").ok());
}

// More than all streams of a system may have in work: who waits for the others'
// questions is served, too.
TEST_F(Batches, ManyStreamsOfOneSystemAllComeToTheirEnd) {
  constexpr int kStreams = 12;
  constexpr int kOfEach = 40;
  mesh().Slow(kYunagiTax, absl::Milliseconds(50));
  std::vector<std::unique_ptr<Batch>> batches;
  std::vector<std::thread> asking;
  for (int i = 0; i < kStreams; ++i) {
    batches.push_back(std::make_unique<Batch>(mesh()));
    asking.emplace_back([batch = batches.back().get()] {
      for (int question = 0; question < kOfEach; ++question)
        if (!batch->Ask(Question(NewExchangeId()))) return;
      batch->AskNoMore();
    });
  }
  for (const std::unique_ptr<Batch>& batch : batches) {
    for (int question = 0; question < kOfEach; ++question) {
      const RetrieveBatchResponse response = batch->Next();
      ASSERT_TRUE(Answered(response)) << response.ShortDebugString();
    }
    EXPECT_TRUE(batch->End().ok());
  }
  for (std::thread& thread : asking) thread.join();
  mesh().Mend(kYunagiTax);
}

TEST_F(Batches, AQuestionWithoutANameEndsTheStreamAfterTheOthersAnswers) {
  Batch batch(mesh());
  ASSERT_TRUE(batch.Ask(Question(NewExchangeId())));
  ASSERT_TRUE(batch.Ask(Question("")));
  EXPECT_TRUE(Answered(batch.Next()));
  EXPECT_EQ(ReasonOf(batch.End()), "MESSAGE_MALFORMED");
}

TEST_F(Batches, AnIdleStreamDoesNotKeepAGatewayFromStopping) {
  Batch batch(mesh());
  ASSERT_TRUE(batch.Ask(Question(NewExchangeId())));
  EXPECT_TRUE(Answered(batch.Next()));
  std::thread ending(
      [&] { EXPECT_EQ(ReasonOf(batch.End()), "GATEWAY_STOPPING"); });
  ASSERT_TRUE(mesh().RestartSystem("mesh/gateway").ok());
  ending.join();
}

}  // namespace
}  // namespace psm::testing
