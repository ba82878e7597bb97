#include "services/identity/card_arrivals.h"

#include "gtest/gtest.h"
#include "mesh/base/error.h"

namespace psm::identity {
namespace {

constexpr absl::Duration kLife = absl::Minutes(2);

class CardArrivalsTest : public testing::Test {
 protected:
  std::string WrongOf(const std::string& number) const {
    return number == "000000" ? "000001" : "000000";
  }
  std::string Take(const std::string& id, const std::string& number) {
    const auto taken = arrivals_.Take(id, number);
    return taken.ok() ? *taken : ReasonOf(taken.status());
  }
  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
  CardArrivals arrivals_{&clock_, &SystemRandom(), /*max_open=*/2};
};

TEST_F(CardArrivalsTest, TheNumberGivesWhatCameOnce) {
  arrivals_.Expect("id", "challenge", kLife);
  EXPECT_EQ(arrivals_.Look("id"), CardArrivals::State::kWaiting);
  EXPECT_EQ(arrivals_.Waiting("challenge"), "id");
  const auto number = arrivals_.Arrive("challenge", std::string("hanako"));
  ASSERT_TRUE(number.has_value());
  EXPECT_EQ(number->size(), static_cast<std::size_t>(kNumberDigits));
  EXPECT_EQ(arrivals_.Look("id"), CardArrivals::State::kArrived);
  EXPECT_EQ(arrivals_.Waiting("challenge"), std::nullopt);
  EXPECT_EQ(arrivals_.Arrive("challenge", std::string("jiro")), std::nullopt);
  EXPECT_EQ(Take("id", *number), "hanako");
  EXPECT_EQ(Take("id", *number), "CHALLENGE_EXPIRED");
}

TEST_F(CardArrivalsTest, ThreeWrongNumbersEndIt) {
  arrivals_.Expect("id", "challenge", kLife);
  EXPECT_EQ(Take("id", ""), "CHALLENGE_EXPIRED") << "nothing has come";
  const auto number = arrivals_.Arrive("challenge", std::string("hanako"));
  EXPECT_EQ(Take("id", WrongOf(*number)), "NUMBER_WRONG");
  EXPECT_EQ(Take("id", ""), "NUMBER_WRONG");
  EXPECT_EQ(Take("id", WrongOf(*number)), "CHALLENGE_EXPIRED");
  EXPECT_EQ(Take("id", *number), "CHALLENGE_EXPIRED");
}

TEST_F(CardArrivalsTest, AnErrorNeedsNoNumber) {
  arrivals_.Expect("id", "challenge", kLife);
  EXPECT_EQ(
      arrivals_.Arrive("challenge",
                       MakeError(absl::StatusCode::kPermissionDenied,
                                 "SIGNATURE_INVALID", Party::kConsumer, "no")),
      std::nullopt);
  EXPECT_EQ(arrivals_.Look("id"), CardArrivals::State::kOver);
  EXPECT_EQ(Take("id", ""), "SIGNATURE_INVALID");
}

TEST_F(CardArrivalsTest, NothingIsKeptForLongOrWithoutBound) {
  arrivals_.Expect("id", "challenge", kLife);
  clock_.Advance(kLife);
  EXPECT_EQ(arrivals_.Look("id"), CardArrivals::State::kOver);
  EXPECT_EQ(arrivals_.Arrive("challenge", std::string("hanako")), std::nullopt);
  arrivals_.Expect("a", "challenge a", kLife);
  const auto number = arrivals_.Arrive("challenge a", std::string("hanako"));
  clock_.Advance(kNumberLife);
  EXPECT_EQ(Take("a", *number), "CHALLENGE_EXPIRED");
  for (const char* id : {"b", "c", "d"})
    arrivals_.Expect(id, std::string("challenge ") + id, kLife);
  EXPECT_EQ(arrivals_.Waiting("challenge b"), std::nullopt);
  EXPECT_EQ(arrivals_.Waiting("challenge d"), "d");
}

}  // namespace
}  // namespace psm::identity
