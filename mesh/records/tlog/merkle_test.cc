#include "mesh/records/tlog/merkle.h"

#include <bit>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm::tlog {
namespace {

std::string HexOf(const Hash& hash) {
  return absl::BytesToHexString(AsBytes(hash));
}

TEST(MerkleTest, HashesAsThePublishedTreeOfEightLeaves) {
  // The example that logs of certificates are tested with.
  const char* const entries[] = {"",
                                 "00",
                                 "10",
                                 "2021",
                                 "3031",
                                 "40414243",
                                 "5051525354555657",
                                 "606162636465666768696a6b6c6d6e6f"};
  const char* const roots[] = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Frontier frontier;
  EXPECT_EQ(HexOf(frontier.Root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < 8; ++i) {
    frontier.Append(LeafHash(absl::HexStringToBytes(entries[i])));
    EXPECT_EQ(HexOf(frontier.Root()), roots[i]) << i;
  }
}

TEST(MerkleTest, ALeafIsNoNode) {
  const Hash left = LeafHash("l");
  const Hash right = LeafHash("r");
  const std::string both =
      std::string(AsBytes(left)) + std::string(AsBytes(right));
  EXPECT_NE(LeafHash(both), NodeHash(left, right));
  EXPECT_NE(NodeHash(left, right), NodeHash(right, left));
  EXPECT_NE(LeafHash(""), EmptyRoot());
}

TEST(MerkleTest, AHashHas32Bytes) {
  EXPECT_EQ(*HashFromBytes(AsBytes(EmptyRoot())), EmptyRoot());
  for (std::size_t size : {0u, 31u, 33u}) {
    EXPECT_EQ(HashFromBytes(std::string(size, 'x')).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(FrontierTest, HasTheRootOfTheDefinitionAtEverySize) {
  const std::vector<Hash> leaves = SomeLeaves(300);
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    ASSERT_EQ(frontier.size(), size);
    ASSERT_EQ(frontier.hashes().size(),
              static_cast<std::size_t>(std::popcount(size)));
    ASSERT_EQ(frontier.Root(),
              ReferenceRoot(absl::MakeConstSpan(leaves).first(size)))
        << size;
    if (size < leaves.size()) frontier.Append(leaves[size]);
  }
}

TEST(FrontierTest, RestoredItGoesOnAsBefore) {
  const std::vector<Hash> leaves = SomeLeaves(130);
  Frontier frontier;
  for (const Hash& leaf : leaves) {
    frontier.Append(leaf);
    auto again = Frontier::Restore(frontier.size(), frontier.hashes());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->Root(), frontier.Root());
    again->Append(leaf);
    Frontier next = frontier;
    next.Append(leaf);
    EXPECT_EQ(again->Root(), next.Root());
  }
}

TEST(FrontierTest, ACopyForgetsNothingAndChangesNothing) {
  Frontier kept;
  for (const Hash& leaf : SomeLeaves(5)) kept.Append(leaf);
  const Hash before = kept.Root();
  Frontier speculative = kept;
  for (const Hash& leaf : SomeLeaves(9)) speculative.Append(leaf);
  EXPECT_EQ(kept.size(), 5u);
  EXPECT_EQ(kept.Root(), before);
  EXPECT_EQ(speculative.size(), 14u);
  kept = speculative;
  EXPECT_EQ(kept.Root(), speculative.Root());
}

TEST(FrontierTest, IsNotRestoredFromAWrongNumberOfHashes) {
  const std::vector<Hash> hashes = SomeLeaves(64);
  const auto all = absl::MakeConstSpan(hashes);
  for (const auto& [size, count] :
       std::vector<std::pair<std::uint64_t, std::size_t>>{
           {0, 1},
           {1, 0},
           {1, 2},
           {3, 1},
           {8, 3},
           {kMaxTreeSize, 62},
           {kMaxTreeSize + 1, 1},
           {~std::uint64_t{0}, 64}}) {
    EXPECT_EQ(Frontier::Restore(size, all.first(count)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
  const auto largest = Frontier::Restore(kMaxTreeSize, all.first(63));
  ASSERT_TRUE(largest.ok());
  EXPECT_NE(largest->Root(), EmptyRoot());
}

}  // namespace
}  // namespace psm::tlog
