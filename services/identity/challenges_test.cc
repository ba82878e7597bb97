#include "services/identity/challenges.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::identity {
namespace {

class ChallengesTest : public testing::Test {
 protected:
  void ExpectExpired(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(status), "CHALLENGE_EXPIRED");
  }
  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
  Challenges challenges_{&clock_, &SystemRandom(), /*max_open=*/4};
};

TEST_F(ChallengesTest, AChallengeIsFreshAndGoodOnce) {
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) {
    const auto challenge = challenges_.Begin("portal/terminal");
    EXPECT_EQ(challenge.bytes.size(), kChallengeSize);
    EXPECT_TRUE(seen.insert(challenge.id).second);
    EXPECT_TRUE(seen.insert(challenge.bytes).second);
    EXPECT_EQ(*challenges_.Take(challenge.id, "portal/terminal"),
              challenge.bytes);
    ExpectExpired(challenges_.Take(challenge.id, "portal/terminal").status());
  }
}

TEST_F(ChallengesTest, AChallengeEndsAfterTwoMinutes) {
  const auto early = challenges_.Begin("portal/terminal");
  const auto late = challenges_.Begin("portal/terminal");
  clock_.Advance(kChallengeLifetime - absl::Milliseconds(1));
  EXPECT_TRUE(challenges_.Take(early.id, "portal/terminal").ok());
  clock_.Advance(absl::Milliseconds(1));
  ExpectExpired(challenges_.Take(late.id, "portal/terminal").status());
}

TEST_F(ChallengesTest, AnotherConsumerCannotUseIt) {
  const auto challenge = challenges_.Begin("portal/terminal");
  ExpectExpired(challenges_.Take(challenge.id, "akatsuki/tax").status());
  ExpectExpired(challenges_.Take(challenge.id, "portal/terminal").status());
  const auto unbound = challenges_.Begin("");
  EXPECT_TRUE(challenges_.Take(unbound.id, "portal/terminal").ok());
}

TEST_F(ChallengesTest, WhatWasNeverGivenIsNotTaken) {
  for (const char* id : {"", "x", "00000000-0000-4000-8000-000000000001"})
    ExpectExpired(challenges_.Take(id, "").status());
}

TEST_F(ChallengesTest, AFloodForgetsTheOldestAndKeepsTheLatest) {
  std::vector<Challenges::Challenge> given;
  for (int i = 0; i < 10; ++i) given.push_back(challenges_.Begin("a/b"));
  for (std::size_t i = 0; i < 6; ++i)
    ExpectExpired(challenges_.Take(given[i].id, "a/b").status());
  for (std::size_t i = 6; i < 10; ++i)
    EXPECT_TRUE(challenges_.Take(given[i].id, "a/b").ok()) << i;
}

TEST_F(ChallengesTest, OnlyOneOfManyAtOnceTakesIt) {
  const auto challenge = challenges_.Begin("a/b");
  std::vector<std::thread> takers;
  std::vector<int> taken(8, 0);
  for (int& mine : taken) {
    takers.emplace_back([this, &challenge, &mine] {
      mine = challenges_.Take(challenge.id, "a/b").ok() ? 1 : 0;
    });
  }
  for (std::thread& taker : takers) taker.join();
  EXPECT_EQ(std::count(taken.begin(), taken.end(), 1), 1);
}

}  // namespace
}  // namespace psm::identity
