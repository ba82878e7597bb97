// 37. What a batch may not take: the gateway's memory, for somebody who asks
// and does not listen, and more than its agreement allows.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "psm/records/v1/receipt.pb.h"
#include "tests/scenarios/batch_scenario.h"

namespace psm::testing {
namespace {

constexpr std::size_t kMiB = 1 << 20;

// Asks questions of 4 KiB that have answers as large, for what nobody has; one
// in forty asks for a person's tax.
class Deaf : public Batches {
 protected:
  static constexpr int kQuestions = 8000;
  static bool IsExchange(int number) { return number % 40 == 5; }

  static std::vector<RetrieveBatchRequest> LargeQuestions() {
    std::vector<RetrieveBatchRequest> questions;
    for (int i = 0; i < kQuestions; ++i) {
      questions.push_back(Question(NewExchangeId()));
      if (!IsExchange(i))
        questions.back().mutable_question()->set_attributes(
            0, absl::StrCat("no.", std::string(4096, 'x')));
    }
    return questions;
  }

  // The same system, over the same connection, and another one are served.
  static void OthersAreServed() {
    for (int i = 0; i < 20; ++i) {
      const TaxReply tax = AskTax(mesh(), "taro", {.provider = kMinatoTax});
      ASSERT_TRUE(tax.status.ok()) << tax.status;
    }
    EXPECT_FALSE(OwnHistory(mesh(), "taro").empty());
  }

  // Returns when the sender has got no further while others were served three
  // times over.
  static void AwaitStandstill(const std::atomic<int>& asked) {
    const absl::Duration deadline =
        mesh().clock().Monotonic() + absl::Seconds(60);
    for (int still = 0, before = -1; still < 3;) {
      ASSERT_NO_FATAL_FAILURE(OthersAreServed());
      const int now = asked;
      still = now == before ? still + 1 : 0;
      before = now;
      ASSERT_LT(mesh().clock().Monotonic(), deadline) << now << " asked";
    }
  }

  static void ExpectAnswer(int number, const RetrieveBatchResponse& answer,
                           std::set<std::uint64_t>& leaves) {
    if (!IsExchange(number)) {
      ASSERT_TRUE(answer.has_status()) << number;
      EXPECT_EQ(ReasonOf(FromRpcStatus(absl::StatusCode::kInvalidArgument, "",
                                       answer.status().SerializeAsString())),
                "UNKNOWN_ATTRIBUTE");
      return;
    }
    ASSERT_TRUE(Answered(answer)) << answer.ShortDebugString();
    records::v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromString(answer.answer().evidence(0).receipt()));
    ASSERT_EQ(receipt.leaves_size(), 1);
    EXPECT_TRUE(leaves.insert(receipt.leaves(0).index()).second);
  }
};

TEST_F(Deaf, WhoAsksAndDoesNotListenIsHeldBackAndAnsweredOnceWhenHeListens) {
  const std::vector<RetrieveBatchRequest> questions = LargeQuestions();
  ASSERT_NO_FATAL_FAILURE(OthersAreServed());  // all buffers have their size
  const std::size_t memory = GatewayMemory(mesh());

  Batch batch(mesh());
  std::atomic<int> asked{0};
  std::thread asking([&] {
    for (const RetrieveBatchRequest& question : questions) {
      if (!batch.Ask(question)) return;
      ++asked;
    }
    batch.AskNoMore();
  });
  AwaitStandstill(asked);
  EXPECT_GT(asked, 0);
  EXPECT_LT(asked, kQuestions) << "flow control holds the sender back";
  // Questions and answers are 32 MiB each.
  EXPECT_LE(std::max(GatewayMemory(mesh()), memory) - memory, 4 * kMiB);

  std::map<std::string, RetrieveBatchResponse> answers;
  for (;;) {
    RetrieveBatchResponse response = batch.Next();
    if (response.exchange_id().empty()) break;
    EXPECT_TRUE(answers.emplace(response.exchange_id(), response).second)
        << "answered twice";
  }
  asking.join();
  const absl::Status end = batch.End();
  ASSERT_TRUE(end.ok()) << end;
  ASSERT_EQ(answers.size(), questions.size());
  std::set<std::uint64_t> leaves;
  for (int i = 0; i < kQuestions; ++i)
    ASSERT_NO_FATAL_FAILURE(ExpectAnswer(
        i, answers[questions[static_cast<std::size_t>(i)].exchange_id()],
        leaves));
  EXPECT_EQ(
      mesh().Records({.provider = kYunagiTax, .person = "hanako"})->size(),
      leaves.size())
      << "one record each";
}

class Rates : public Batches {
 protected:
  static constexpr int kRate = 3;  // a second, and at once
  static void SetUpTestSuite() {
    StartMesh({.agreements = ArrearsAgreement(
                   absl::StrCat("max_calls_per_second: ", kRate))});
  }
  // How many milliseconds a refused question is told to wait; 0 where it is
  // told nothing.
  static int ToldToWait(const RetrieveBatchResponse& response) {
    const std::optional<ErrorDetail> detail = DetailOf(StatusOfLeg(response));
    int wait = 0;
    if (!detail.has_value() ||
        !absl::SimpleAtoi(detail->metadata.at("retry_after_ms"), &wait))
      return 0;
    return wait;
  }
};

TEST_F(Rates, QuestionsBeyondTheAgreementsRateAreRefusedAloneAndMayComeAgain) {
  constexpr int kQuestions = 200;
  Batch batch(mesh(), "collect-arrears");
  const absl::Duration start = mesh().clock().Monotonic();
  std::thread asking([&] {
    for (int i = 0; i < kQuestions; ++i)
      if (!batch.Ask(Question(NewExchangeId()))) return;
  });
  int answered = 0;
  std::string refused;  // one of those
  for (int i = 0; i < kQuestions; ++i) {
    const RetrieveBatchResponse response = batch.Next();
    if (Answered(response)) {
      ++answered;
      continue;
    }
    ASSERT_EQ(ReasonOfLeg(response), "QUOTA_EXCEEDED")
        << response.ShortDebugString();
    EXPECT_GT(ToldToWait(response), 0);
    EXPECT_LE(ToldToWait(response), 1000 / kRate + 1);
    refused = response.exchange_id();
  }
  asking.join();
  const double seconds =
      absl::ToDoubleSeconds(mesh().clock().Monotonic() - start);
  EXPECT_GE(answered, kRate);
  EXPECT_LE(answered, kRate + kRate * seconds);
  ASSERT_NE(refused, "");

  // Over the same stream the same question has its answer in its time, as has
  // meanwhile what another agreement allows.
  const TaxReply other = AskTax(mesh());
  EXPECT_TRUE(other.status.ok()) << other.status;
  const absl::Duration deadline =
      mesh().clock().Monotonic() + absl::Seconds(20);
  RetrieveBatchResponse again;
  do {
    ASSERT_TRUE(batch.Ask(Question(refused)));
    again = batch.Next();
    ASSERT_EQ(again.exchange_id(), refused);
  } while (!Answered(again) && mesh().clock().Monotonic() < deadline);
  EXPECT_TRUE(Answered(again)) << again.ShortDebugString();
  batch.AskNoMore();
  EXPECT_TRUE(batch.End().ok());
  const auto records =
      mesh().Records({.exchange_id = again.answer().evidence(0).exchange_id(),
                      .kind = Record::EXCHANGE});
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->size(), 1u);
  EXPECT_FALSE(
      mesh().Records({.reason = "QUOTA_EXCEEDED", .person = "hanako"})->empty())
      << "a refusal is recorded, too";
}

}  // namespace
}  // namespace psm::testing
