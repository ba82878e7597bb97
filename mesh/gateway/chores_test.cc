#include "mesh/gateway/chores.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "mesh/exchange/exchange_fixture.h"
#include "mesh/gateway/consent_follower.h"
#include "psm/consent/v1/consent_feed.pb.h"

namespace psm {
namespace {

using records::v1::Record;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kFeed[] = "/psm.consent.v1.ConsentFeedService/GetFeed";

class ChoresTest : public ExchangeFixture {
 protected:
  void SetUp() override {
    ExchangeFixture::SetUp();
    link_.providers[kFeed] = [this](const ProviderRequest& request) {
      consent::v1::GetFeedRequest question;
      EXPECT_TRUE(question.ParseFromString(request.message));
      asked_after_.push_back(question.after_sequence());
      return Answering(FeedAfter(question.after_sequence()))(request);
    };
    chores_ = std::make_unique<Chores>(env(), timers_);
  }

  // Five withdrawals, two an answer.
  static consent::v1::GetFeedResponse FeedAfter(std::uint64_t sequence) {
    consent::v1::GetFeedResponse feed;
    for (int i = 0; i < 2 && sequence < 5; ++i) {
      consent::v1::Withdrawal& next = *feed.add_withdrawals();
      next.set_sequence(++sequence);
      next.set_consent_id("c" + std::to_string(sequence));
    }
    feed.set_more(sequence < 5);
    return feed;
  }
  void CountARefusal() {
    Record refusal;
    refusal.set_consumer("akatsuki/benefits");
    refusal.set_reason("NO_AGREEMENT");
    for (std::uint32_t i = 0; i <= RefusalCounter::kIndividualRecords; ++i)
      refusals_.TakesOwnRecords({refusal}, clock_.Now());
  }
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    timers_.RunDue();
    executor_.RunAll();
  }
  bool End() {
    bool ended = false;
    chores_->End([&] { ended = true; });
    executor_.RunAll();
    return ended;
  }

  edge::TimerQueue timers_{clock_};
  std::vector<std::uint64_t> asked_after_;
  std::unique_ptr<Chores> chores_;
};

TEST_F(ChoresTest, TakesTheFeedInPartsAndThenGoesOnAsking) {
  chores_->Begin();
  EXPECT_EQ(asked_after_, (std::vector<std::uint64_t>{0, 2, 4}));
  EXPECT_EQ(consents_.sequence(), 5u);
  EXPECT_TRUE(consents_.CheckInForce("c9", clock_.Monotonic()).ok());
  Pass(kConsentAskEvery);
  EXPECT_EQ(asked_after_.back(), 5u);
}

TEST_F(ChoresTest, CountedRefusalsAreWrittenWhenTheirMinuteIsOver) {
  chores_->Begin();
  CountARefusal();
  Pass(absl::Seconds(5));
  EXPECT_THAT(log_.records, IsEmpty());
  Pass(absl::Minutes(1));
  ASSERT_THAT(log_.records, SizeIs(1));
  EXPECT_EQ(log_.records[0].kind(), Record::REFUSALS);
}

TEST_F(ChoresTest, WhatCouldNotBeWrittenIsTriedAgain) {
  chores_->Begin();
  CountARefusal();
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  Pass(absl::Minutes(1));
  EXPECT_THAT(log_.records, IsEmpty());
  log_.failure = absl::OkStatus();
  Pass(absl::Seconds(5));
  EXPECT_THAT(log_.records, SizeIs(1));
}

TEST_F(ChoresTest, TheEndWritesTheRunningMinuteDown) {
  chores_->Begin();
  CountARefusal();
  EXPECT_TRUE(End());
  EXPECT_THAT(log_.records, SizeIs(1));
  const std::size_t asked = asked_after_.size();
  Pass(absl::Minutes(1));
  EXPECT_EQ(asked_after_.size(), asked) << "nothing goes on";
}

TEST_F(ChoresTest, TheEndWaitsForWhatIsUnderWay) {
  link_.hold = true;
  log_.hold = true;
  chores_->Begin();
  CountARefusal();
  bool ended = false;
  chores_->End([&] { ended = true; });
  executor_.RunAll();
  EXPECT_FALSE(ended);
  link_.ReleaseHeld();
  EXPECT_FALSE(ended) << "a record is still being written";
  log_.ReleaseHeld();
  executor_.RunAll();
  EXPECT_TRUE(ended);
  EXPECT_THAT(log_.records, SizeIs(1));
}

}  // namespace
}  // namespace psm
