#include "mesh/exchange/rate.h"

#include "gtest/gtest.h"

namespace psm {
namespace {

TEST(RateLimiterTest, GivesTheBurstThenTheRate) {
  RateLimiter rates;
  absl::Duration now = absl::Seconds(5);
  EXPECT_EQ(rates.Take("a", 2, 3, now), absl::ZeroDuration());
  EXPECT_EQ(rates.Take("a", 2, 3, now), absl::ZeroDuration());
  EXPECT_EQ(rates.Take("a", 2, 3, now), absl::ZeroDuration());
  EXPECT_EQ(rates.Take("a", 2, 3, now), absl::Milliseconds(500));
  EXPECT_EQ(rates.TimeToNext("a", now), absl::Milliseconds(500));
  now += absl::Milliseconds(500);
  EXPECT_EQ(rates.Take("a", 2, 3, now), absl::ZeroDuration());
  EXPECT_GT(rates.Take("a", 2, 3, now), absl::ZeroDuration());
}

TEST(RateLimiterTest, BucketsAreTheirOwn) {
  RateLimiter rates;
  EXPECT_EQ(rates.Take("a", 1, 1, absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_GT(rates.Take("a", 1, 1, absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(rates.Take("b", 1, 1, absl::ZeroDuration()), absl::ZeroDuration());
  EXPECT_EQ(rates.TimeToNext("c", absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(RateLimiterTest, ForgetsBucketsThatAreFullAgainAndKeepsOthers) {
  RateLimiter rates;
  rates.Take("kept", 0.00001, 1, absl::ZeroDuration());
  for (int i = 0; i < 10000; ++i) {
    rates.Take(std::to_string(i), 1000, 1, absl::Seconds(i));
  }
  EXPECT_GT(rates.TimeToNext("kept", absl::Seconds(10000)),
            absl::ZeroDuration());
}

}  // namespace
}  // namespace psm
