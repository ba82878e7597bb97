#include "services/gbizid/password_hasher.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace psm::gbizid {
namespace {

constexpr Argon2Cost kCost{.memory_kib = 16, .passes = 1, .lanes = 1};

TEST(PasswordHasherTest, KnowsItsPasswordAgainAndNoOther) {
  PasswordHasher hasher(SecretBytes("pepper"), &SystemRandom(), kCost);
  const std::string kept = hasher.Hash("open sesame");
  EXPECT_TRUE(hasher.Verify("open sesame", kept));
  EXPECT_FALSE(hasher.Verify("open sesamE", kept));
  EXPECT_FALSE(hasher.Verify("", kept));
  EXPECT_FALSE(hasher.Verify("open sesame", hasher.decoy()));
  EXPECT_NE(hasher.Hash("open sesame"), kept) << "each has its own salt";
}

TEST(PasswordHasherTest, WithoutThePepperNoPasswordFits) {
  PasswordHasher mine(SecretBytes("pepper"), &SystemRandom(), kCost);
  PasswordHasher thiefs(SecretBytes(), &SystemRandom(), kCost);
  EXPECT_FALSE(thiefs.Verify("open sesame", mine.Hash("open sesame")));
}

TEST(PasswordHasherTest, ADearerCostIsNoEndOfOldPasswords) {
  PasswordHasher before(SecretBytes("pepper"), &SystemRandom(), kCost);
  PasswordHasher after(SecretBytes("pepper"), &SystemRandom(),
                       {.memory_kib = 32, .passes = 2, .lanes = 2});
  const std::string kept = before.Hash("open sesame");
  EXPECT_EQ(kept.find("$argon2id$v=19$m=16,t=1,p=1$"), 0u) << kept;
  EXPECT_TRUE(after.Verify("open sesame", kept));
}

TEST(PasswordHasherTest, WhatItDidNotMakeFitsNothing) {
  PasswordHasher hasher(SecretBytes("pepper"), &SystemRandom(), kCost);
  const std::string good = hasher.Hash("open sesame");
  const std::string tail = good.substr(good.find("$", 20));
  for (const std::string& bad :
       {std::string(), std::string("open sesame"), good.substr(1), good + "$",
        good.substr(0, good.size() - 1), "$argon2i$v=19$m=16,t=1,p=1" + tail,
        "$argon2id$v=16$m=16,t=1,p=1" + tail,
        "$argon2id$v=19$m=4,t=1,p=1" + tail,
        "$argon2id$v=19$m=99999999,t=1,p=1" + tail,
        "$argon2id$v=19$m=16,t=0,p=1" + tail,
        "$argon2id$v=19$m=16,t=99,p=1" + tail,
        "$argon2id$v=19$m=16,t=1,p=0" + tail,
        "$argon2id$v=19$m=16,t=-1,p=1" + tail,
        "$argon2id$v=19$t=1,m=16,p=1" + tail})
    EXPECT_FALSE(hasher.Verify("open sesame", bad)) << bad;
  EXPECT_TRUE(
      hasher.Verify("open sesame", "$argon2id$v=19$m=16,t=1,p=1" + tail));
}

TEST(PasswordHasherTest, ManyAtOnceAllGetTheirAnswer) {
  PasswordHasher hasher(SecretBytes("pepper"), &SystemRandom(), kCost, 1);
  const std::string kept = hasher.Hash("open sesame");
  std::vector<std::thread> threads;
  std::vector<int> right(16);
  for (std::size_t i = 0; i < right.size(); ++i)
    threads.emplace_back([&, i] {
      right[i] = hasher.Verify(i % 2 == 0 ? "open sesame" : "no", kept);
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < right.size(); ++i)
    EXPECT_EQ(right[i], i % 2 == 0 ? 1 : 0);
}

}  // namespace
}  // namespace psm::gbizid
