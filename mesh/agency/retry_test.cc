#include "mesh/agency/retry.h"

#include <string>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "psm/accounts/v1/accounts.pb.h"
#include "psm/consent/v1/consent_feed.pb.h"
#include "psm/disclosure/v1/disclosure.pb.h"
#include "psm/linkage/v1/linkage.pb.h"
#include "psm/records/v1/records_service.pb.h"
#include "psm/subjects/v1/subjects.pb.h"

namespace psm::agency {
namespace {

template <typename Request, typename Response>
Repeat RepeatOfCall() {
  return RepeatOf(*Request::descriptor(), *Response::descriptor());
}

TEST(RepeatTest, TheContractSaysWhatMayBeRepeated) {
  EXPECT_EQ((RepeatOfCall<accounts::v1::GetAccountRequest,
                          accounts::v1::GetAccountResponse>()),
            Repeat::kSafe);
  EXPECT_EQ((RepeatOfCall<accounts::v1::RegisterAccountRequest,
                          accounts::v1::RegisterAccountResponse>()),
            Repeat::kKeyed);
}

TEST(RepeatTest, TheGatewaysOwnMethodsMayBeRepeatedUnderOneId) {
  EXPECT_EQ((RepeatOfCall<linkage::v1::RetrieveRequest,
                          linkage::v1::RetrieveResponse>()),
            Repeat::kSafe);
  EXPECT_EQ((RepeatOfCall<disclosure::v1::DiscloseRequest,
                          disclosure::v1::DiscloseResponse>()),
            Repeat::kSafe);
  EXPECT_EQ((RepeatOfCall<records::v1::ListRecordsRequest,
                          records::v1::ListRecordsResponse>()),
            Repeat::kSafe);
  EXPECT_EQ(
      (RepeatOfCall<subjects::v1::EnrolRequest, subjects::v1::EnrolResponse>()),
      Repeat::kSafe);
}

TEST(RepeatTest, WhatNobodySaysIsUnsafe) {
  EXPECT_EQ((RepeatOfCall<consent::v1::GetFeedRequest,
                          consent::v1::GetFeedResponse>()),
            Repeat::kUnsafe)
      << "no contract";
  EXPECT_EQ((RepeatOfCall<accounts::v1::GetAccountRequest,
                          accounts::v1::RegisterAccountResponse>()),
            Repeat::kUnsafe)
      << "no such method";
  EXPECT_EQ((RepeatOfCall<accounts::v1::Account, accounts::v1::Account>()),
            Repeat::kUnsafe);
}

// Draws the same every time.
class SameRandom : public Random {
 public:
  explicit SameRandom(unsigned char drawn) : drawn_(drawn) {}
  std::string Bytes(std::size_t size) override {
    return std::string(size, static_cast<char>(drawn_));
  }

 private:
  const unsigned char drawn_;
};

absl::Status Down() {
  return MakeError(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                   Party::kProvider, "down");
}

TEST(RetriesTest, PausesDoubleUpToASecond) {
  ManualClock clock(absl::FromUnixSeconds(1000));
  SameRandom longest(0);
  Retries retries(absl::InfiniteFuture(), clock, longest);
  for (int milliseconds : {50, 100, 200, 400, 800, 1000, 1000, 1000}) {
    EXPECT_EQ(retries.PauseAfter(Down()), absl::Milliseconds(milliseconds));
  }
}

TEST(RetriesTest, APauseIsDrawnFromItsUpperHalf) {
  ManualClock clock(absl::FromUnixSeconds(1000));
  SameRandom shortest(255);
  Retries retries(absl::InfiniteFuture(), clock, shortest);
  for (int milliseconds : {50, 100, 200, 400, 800, 1000, 1000}) {
    const absl::Duration pause = *retries.PauseAfter(Down());
    EXPECT_GE(pause, absl::Milliseconds(milliseconds) / 2);
    EXPECT_LT(pause, absl::Milliseconds(milliseconds) * 0.6);
  }
}

TEST(RetriesTest, NoPauseReachesTheDeadline) {
  ManualClock clock(absl::FromUnixSeconds(1000));
  SameRandom longest(0);
  Retries retries(clock.Now() + absl::Seconds(2), clock, longest);
  absl::Duration waited;
  while (auto pause = retries.PauseAfter(Down())) {
    clock.Advance(*pause);
    waited += *pause;
  }
  EXPECT_GT(waited, absl::Seconds(1));
  EXPECT_LT(waited, absl::Seconds(2) - Retries::kMargin);
}

TEST(RetriesTest, OnlyWhatWasNotThereIsTriedAgain) {
  ManualClock clock(absl::FromUnixSeconds(1000));
  SameRandom random(0);
  Retries retries(absl::InfiniteFuture(), clock, random);
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "x");
    EXPECT_EQ(retries.PauseAfter(status).has_value(),
              status.code() == absl::StatusCode::kUnavailable)
        << status;
  }
}

}  // namespace
}  // namespace psm::agency
