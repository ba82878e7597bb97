#include "services/identity/card_holders.h"

#include <optional>

#include "gtest/gtest.h"
#include "mesh/base/error.h"
#include "services/identity/test_world.h"

namespace psm::identity {
namespace {

TEST(CardHoldersTest, GivesBackWhatWasSeeded) {
  TestWorld world;
  const std::optional<CardHolder> holder = *world.holders->Find("hanako");
  ASSERT_TRUE(holder.has_value());
  EXPECT_EQ(holder->card_serial, "CARD-hanako");
  EXPECT_EQ(holder->name, "架空　hanako");
  EXPECT_EQ(holder->kana, "カクウ　hanako");
  EXPECT_EQ(holder->address, "架空県あかつき市1-2-3");
  EXPECT_EQ(holder->birth_date, "1990-04-01");
  EXPECT_EQ(holder->sex, 2);
  EXPECT_EQ(holder->update_time, world.clock.Now());
  EXPECT_EQ(*world.holders->SubjectOfCard("CARD-hanako"), "hanako");
}

TEST(CardHoldersTest, KnowsNobodyElse) {
  TestWorld world;
  for (const char* text : {"", "x", "CARD-hanako", "hanako' OR '1'='1"})
    EXPECT_FALSE(world.holders->Find(text)->has_value()) << text;
  for (const char* text : {"", "x", "hanako", "card-hanako", "CARD-hanako' --"})
    EXPECT_FALSE(world.holders->SubjectOfCard(text)->has_value()) << text;
}

TEST(CardHoldersTest, SeedsAreTakenOnce) {
  TestWorld world;
  EXPECT_TRUE(world.Import({HolderNamed("new")}).ok());
  EXPECT_FALSE(world.holders->Find("new")->has_value());
}

TEST(CardHoldersTest, ABadSeedLeavesNothingBehind) {
  TestWorld world;
  auto database =
      *agency::Database::Open(world.folder.File("b.sqlite"), Migrations());
  world.holders = std::make_unique<CardHolders>(database.get());
  seed::v1::CardHolder no_card = HolderNamed("b");
  no_card.clear_card_serial();
  EXPECT_EQ(ReasonOf(world.Import({HolderNamed("a"), no_card})),
            "SEED_INVALID");
  seed::v1::CardHolder same_card = HolderNamed("b");
  same_card.set_card_serial("CARD-a");
  EXPECT_TRUE(
      absl::IsAlreadyExists(world.Import({HolderNamed("a"), same_card})));
  EXPECT_FALSE(world.holders->Find("a")->has_value());
  EXPECT_TRUE(world.Import({HolderNamed("a")}).ok());
}

}  // namespace
}  // namespace psm::identity
