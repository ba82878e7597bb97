#include "mesh/exchange/refusals.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace psm {
namespace {

using records::v1::Record;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1790000000);
const absl::Time kNextMinute = kNow + absl::Minutes(1);

Record Refusal(const std::string& subject,
               const std::string& reason = "NO_AGREEMENT",
               const std::string& consumer = "yunagi/tax") {
  Record record;
  record.set_kind(Record::REFUSAL);
  record.set_consumer(consumer);
  record.set_reason(reason);
  record.set_subject(subject);
  return record;
}

TEST(RefusalCounterTest, AFewStandAloneAndTheRestIsOneCount) {
  RefusalCounter refusals;
  for (std::uint32_t i = 0; i < RefusalCounter::kIndividualRecords; ++i)
    EXPECT_TRUE(refusals.TakesOwnRecords({Refusal("h")}, kNow));
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(refusals.TakesOwnRecords({Refusal("h")}, kNow));
  EXPECT_TRUE(refusals.TakesOwnRecords({Refusal("t")}, kNow))
      << "another person";
  EXPECT_TRUE(refusals.TakesOwnRecords({Refusal("h", "OTHER")}, kNow));

  EXPECT_THAT(refusals.TakeFinished(kNow), IsEmpty()) << "the minute runs";
  std::vector<Record> counted = refusals.TakeFinished(kNextMinute);
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(counted[0].kind(), Record::REFUSALS);
  EXPECT_EQ(counted[0].count(), 3u);
  EXPECT_EQ(counted[0].subject(), "h");
  EXPECT_THAT(refusals.TakeFinished(kNextMinute), IsEmpty());
}

// A count that the person sees says nothing of what an ordinance withholds.
TEST(RefusalCounterTest, WhatIsWithheldIsCountedApart) {
  RefusalCounter refusals;
  Record withheld = Refusal("h");
  withheld.set_undisclosed_by("条例");
  for (std::uint32_t i = 0; i < RefusalCounter::kIndividualRecords + 2; ++i) {
    EXPECT_EQ(refusals.TakesOwnRecords({withheld}, kNow),
              refusals.TakesOwnRecords({Refusal("h")}, kNow));
  }
  const std::vector<Record> counted = refusals.TakeFinished(kNextMinute);
  ASSERT_THAT(counted, SizeIs(2));
  EXPECT_EQ(counted[0].count(), 2u);
  EXPECT_EQ(counted[1].count(), 2u);
  EXPECT_NE(counted[0].undisclosed_by(), counted[1].undisclosed_by());
}

TEST(RefusalCounterTest, WhatCouldNotBeWrittenIsGivenAgain) {
  RefusalCounter refusals;
  for (std::uint32_t i = 0; i <= RefusalCounter::kIndividualRecords; ++i)
    refusals.TakesOwnRecords({Refusal("h")}, kNow);
  std::vector<Record> counted = refusals.TakeFinished(kNextMinute);
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(refusals.GiveBack(counted), 0u);
  EXPECT_THAT(refusals.TakeFinished(kNextMinute), SizeIs(1));
  EXPECT_THAT(refusals.TakeFinished(kNextMinute), IsEmpty());
}

TEST(RefusalCounterTest, SaysHowManyFoundNoRoom) {
  RefusalCounter refusals;
  std::vector<Record> many(RefusalCounter::kMaxOwed + 2);
  EXPECT_EQ(refusals.GiveBack(std::move(many)), 2u);
  EXPECT_EQ(refusals.GiveBack({Refusal("h")}), 1u);
  EXPECT_THAT(refusals.TakeFinished(kNow), SizeIs(RefusalCounter::kMaxOwed));
}

TEST(RefusalCounterTest, AStopTakesTheRunningMinuteToo) {
  RefusalCounter refusals;
  for (std::uint32_t i = 0; i <= RefusalCounter::kIndividualRecords; ++i)
    refusals.TakesOwnRecords({Refusal("h")}, kNow);
  EXPECT_THAT(refusals.TakeFinished(absl::InfiniteFuture()), SizeIs(1));
}

TEST(RefusalCounterTest, SpraySubjectsAndTheyAreNoLongerToldApart) {
  RefusalCounter refusals;
  for (std::size_t i = 0; i < RefusalCounter::kMaxKinds; ++i)
    EXPECT_TRUE(refusals.TakesOwnRecords({Refusal(std::to_string(i))}, kNow));
  int alone = 0;
  for (int i = 0; i < 1000; ++i)
    alone += refusals.TakesOwnRecords({Refusal("x" + std::to_string(i))}, kNow);
  EXPECT_EQ(alone, static_cast<int>(RefusalCounter::kIndividualRecords));
  std::vector<Record> counted = refusals.TakeFinished(kNextMinute);
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(counted[0].count(), 1000 - RefusalCounter::kIndividualRecords);
  EXPECT_EQ(counted[0].subject(), "") << "of many";
}

// Of many nobody is the one who acts.
TEST(RefusalCounterTest, SprayedRepresentationsNameNobody) {
  RefusalCounter refusals;
  for (std::size_t i = 0; i < RefusalCounter::kMaxKinds; ++i)
    refusals.TakesOwnRecords({Refusal(std::to_string(i))}, kNow);
  for (std::uint32_t i = 0; i <= RefusalCounter::kIndividualRecords; ++i) {
    Record of_child = Refusal("child");
    of_child.set_representation_id(std::to_string(i));
    of_child.set_representative("mother");
    Record of_mother = Refusal("mother");
    of_mother.set_acting(true);
    refusals.TakesOwnRecords({of_child, of_mother}, kNow);
  }
  const std::vector<Record> counted = refusals.TakeFinished(kNextMinute);
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(counted[0].subject(), "");
  EXPECT_EQ(counted[0].representation_id(), "");
  EXPECT_EQ(counted[0].representative(), "");
}

TEST(RefusalCounterTest, ASprayHidesNobodyElsesRefusals) {
  RefusalCounter refusals;
  for (std::size_t i = 0; i <= RefusalCounter::kMaxKinds; ++i)
    refusals.TakesOwnRecords({Refusal(std::to_string(i))}, kNow);
  for (std::uint32_t i = 0; i <= RefusalCounter::kIndividualRecords; ++i)
    refusals.TakesOwnRecords(
        {Refusal("h", "NO_AGREEMENT", "accounts/accounts")}, kNow);
  std::vector<Record> counted = refusals.TakeFinished(kNextMinute);
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(counted[0].consumer(), "accounts/accounts");
  EXPECT_EQ(counted[0].subject(), "h");
  // What is written makes room again.
  EXPECT_TRUE(refusals.TakesOwnRecords({Refusal("new")}, kNextMinute));
  for (std::uint32_t i = 0; i <= RefusalCounter::kIndividualRecords; ++i)
    refusals.TakesOwnRecords({Refusal("new")}, kNextMinute);
  counted = refusals.TakeFinished(kNextMinute + absl::Minutes(1));
  ASSERT_THAT(counted, SizeIs(1));
  EXPECT_EQ(counted[0].subject(), "new");
}

}  // namespace
}  // namespace psm
