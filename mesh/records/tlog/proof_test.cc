#include "mesh/records/tlog/proof.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm::tlog {
namespace {

// Every size up to 2^5 + 1, and those around the powers of two above.
std::vector<std::size_t> SizesToTry() {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 1; size <= 33; ++size) sizes.push_back(size);
  for (std::size_t size : {63u, 64u, 65u, 127u, 128u, 129u})
    sizes.push_back(size);
  return sizes;
}

constexpr std::size_t kMostLeaves = 129;
constexpr std::uint64_t kHuge[] = {
    std::uint64_t{1} << 32, std::uint64_t{1} << 62, kMaxTreeSize,
    kMaxTreeSize + 1,       ~std::uint64_t{0} - 1,  ~std::uint64_t{0}};

// Proofs that differ from a good one in a way that must be noticed.
std::vector<std::vector<Hash>> Spoilt(const std::vector<Hash>& good) {
  std::vector<std::vector<Hash>> all;
  const Hash other = LeafHash("of no tree");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<Hash> bad = good;
    bad[i][i % kHashSize] ^= 1;
    all.push_back(bad);
    bad = good;
    bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(bad);
    bad = good;
    bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(i), other);
    all.push_back(bad);
    if (i + 1 < good.size() && good[i] != good[i + 1]) {
      bad = good;
      std::swap(bad[i], bad[i + 1]);
      all.push_back(bad);
    }
  }
  all.push_back(good);
  all.back().push_back(other);
  all.push_back(std::vector<Hash>(kMaxProofHashes + 1, other));
  return all;
}

TEST(InclusionTest, EveryLeafOfEveryTreeIsShownAndNoOtherIs) {
  MemoryReader reader(SomeLeaves(kMostLeaves));
  const std::vector<Hash> all = SomeLeaves(kMostLeaves);
  for (std::size_t size : SizesToTry()) {
    const auto leaves = absl::MakeConstSpan(all).first(size);
    const Hash root = ReferenceRoot(leaves);
    for (std::size_t index = 0; index < size; ++index) {
      const auto proof = ProveInclusion(index, size, reader);
      ASSERT_TRUE(proof.ok()) << proof.status();
      ASSERT_EQ(*proof, ReferenceInclusion(index, leaves));
      ASSERT_TRUE(
          VerifyInclusion(index, size, leaves[index], *proof, root).ok())
          << index << " of " << size;
      for (std::uint64_t other : {index + 1, index - 1, index ^ 2, index + 256})
        EXPECT_FALSE(
            VerifyInclusion(other, size, leaves[index], *proof, root).ok());
      EXPECT_FALSE(
          VerifyInclusion(index, size, root, *proof, leaves[index]).ok() &&
          size > 1);
      EXPECT_FALSE(
          VerifyInclusion(index, size, LeafHash("x"), *proof, root).ok());
      EXPECT_FALSE(
          VerifyInclusion(index, size, leaves[index], *proof, EmptyRoot())
              .ok());
    }
  }
}

TEST(InclusionTest, ASpoiltProofShowsNothing) {
  const std::vector<Hash> all = SomeLeaves(kMostLeaves);
  for (std::size_t size : SizesToTry()) {
    const auto leaves = absl::MakeConstSpan(all).first(size);
    const Hash root = ReferenceRoot(leaves);
    for (std::size_t index : {std::size_t{0}, size / 2, size - 1}) {
      for (const auto& bad : Spoilt(ReferenceInclusion(index, leaves))) {
        EXPECT_EQ(VerifyInclusion(index, size, leaves[index], bad, root).code(),
                  absl::StatusCode::kInvalidArgument)
            << index << " of " << size;
      }
    }
  }
}

TEST(InclusionTest, OtherSizesAreNoticed) {
  // Only where the path through the other tree is another one: a proof holds
  // for every size that gives it the same shape, and its root is another then.
  const std::vector<Hash> all = SomeLeaves(kMostLeaves);
  for (std::size_t size : SizesToTry()) {
    const auto leaves = absl::MakeConstSpan(all).first(size);
    const auto proof = ReferenceInclusion(0, leaves);
    for (std::size_t other : SizesToTry()) {
      if (other == size) continue;
      EXPECT_FALSE(
          VerifyInclusion(0, other, leaves[0], proof,
                          ReferenceRoot(absl::MakeConstSpan(all).first(other)))
              .ok())
          << size << " taken for " << other;
    }
  }
}

TEST(InclusionTest, NoIndexOutsideTheTreeAndNoHugeSizeGetsThrough) {
  const Hash leaf = LeafHash("only");
  EXPECT_TRUE(VerifyInclusion(0, 1, leaf, {}, leaf).ok());
  EXPECT_FALSE(VerifyInclusion(0, 0, leaf, {}, leaf).ok());
  EXPECT_FALSE(VerifyInclusion(0, 0, leaf, {}, EmptyRoot()).ok());
  const std::vector<Hash> proof = SomeLeaves(64);
  for (std::uint64_t size : kHuge) {
    for (std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1, size}) {
      for (std::size_t count : {0u, 1u, 31u, 62u, 63u, 64u}) {
        EXPECT_FALSE(VerifyInclusion(index, size, leaf,
                                     absl::MakeConstSpan(proof).first(count),
                                     leaf)
                         .ok());
      }
    }
  }
  MemoryReader reader(SomeLeaves(4));
  for (const auto& [index, size] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 0}, {4, 4}, {5, 4}, {0, kMaxTreeSize + 1}}) {
    EXPECT_EQ(ProveInclusion(index, size, reader).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(reader.reads, 0);
}

TEST(ConsistencyTest, EveryPrefixOfEveryTreeIsShownAndNoOtherIs) {
  MemoryReader reader(SomeLeaves(kMostLeaves));
  const std::vector<Hash> all = SomeLeaves(kMostLeaves);
  const std::vector<std::size_t> sizes = SizesToTry();
  for (std::size_t size : sizes) {
    const auto leaves = absl::MakeConstSpan(all).first(size);
    const Hash root = ReferenceRoot(leaves);
    for (std::size_t old : sizes) {
      if (old > size) break;
      const Hash old_root = ReferenceRoot(leaves.first(old));
      const auto proof = ProveConsistency(old, size, reader);
      ASSERT_TRUE(proof.ok()) << proof.status();
      ASSERT_EQ(*proof, ReferenceConsistency(old, leaves));
      ASSERT_TRUE(VerifyConsistency(old, size, old_root, root, *proof).ok())
          << old << " in " << size;
      const Hash other = LeafHash("of no tree");
      EXPECT_FALSE(VerifyConsistency(old, size, other, root, *proof).ok());
      EXPECT_FALSE(VerifyConsistency(old, size, old_root, other, *proof).ok());
      if (old == size) continue;
      EXPECT_FALSE(VerifyConsistency(old, size, root, old_root, *proof).ok());
      EXPECT_FALSE(VerifyConsistency(size, old, root, old_root, *proof).ok());
      for (std::size_t wrong : {old - 1, old + 1})
        EXPECT_FALSE(
            VerifyConsistency(wrong, size, old_root, root, *proof).ok())
            << old << " taken for " << wrong << " in " << size;
    }
  }
}

TEST(ConsistencyTest, ASpoiltProofShowsNothing) {
  const std::vector<Hash> all = SomeLeaves(kMostLeaves);
  for (std::size_t size : SizesToTry()) {
    const auto leaves = absl::MakeConstSpan(all).first(size);
    const Hash root = ReferenceRoot(leaves);
    for (std::size_t old : {std::size_t{1}, size / 2, size - 1, size}) {
      if (old == 0) continue;
      const Hash old_root = ReferenceRoot(leaves.first(old));
      for (const auto& bad : Spoilt(ReferenceConsistency(old, leaves))) {
        EXPECT_EQ(VerifyConsistency(old, size, old_root, root, bad).code(),
                  absl::StatusCode::kInvalidArgument)
            << old << " in " << size;
      }
    }
  }
}

// A log that rewrites one leaf cannot show that its old tree is a prefix.
TEST(ConsistencyTest, ARewrittenLeafShows) {
  const std::vector<Hash> kept = SomeLeaves(33);
  for (std::size_t old : {1u, 2u, 3u, 7u, 8u, 9u, 31u, 32u}) {
    const Hash old_root = ReferenceRoot(absl::MakeConstSpan(kept).first(old));
    for (std::size_t changed = 0; changed < old; ++changed) {
      std::vector<Hash> rewritten = kept;
      rewritten[changed][0] ^= 1;
      EXPECT_FALSE(VerifyConsistency(old, 33, old_root,
                                     ReferenceRoot(rewritten),
                                     ReferenceConsistency(old, rewritten))
                       .ok());
    }
  }
}

TEST(ConsistencyTest, EmptyTreesAndHugeSizesAreSafe) {
  const Hash root = LeafHash("only");
  EXPECT_TRUE(VerifyConsistency(0, 0, EmptyRoot(), EmptyRoot(), {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 0, root, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 0, root, EmptyRoot(), {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 1, EmptyRoot(), root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(1, 0, root, EmptyRoot(), {}).ok());
  EXPECT_FALSE(VerifyConsistency(1, 1, root, root, {{root}}).ok());
  EXPECT_FALSE(VerifyConsistency(1, 1, root, EmptyRoot(), {}).ok());
  const std::vector<Hash> proof = SomeLeaves(65);
  for (std::uint64_t size : kHuge) {
    for (std::uint64_t old : {std::uint64_t{0}, std::uint64_t{1}, size / 2,
                              size / 2 + 1, size - 1}) {
      for (std::size_t count : {0u, 1u, 31u, 62u, 63u, 64u, 65u}) {
        EXPECT_FALSE(VerifyConsistency(old, size, root, root,
                                       absl::MakeConstSpan(proof).first(count))
                         .ok());
      }
    }
  }
  MemoryReader reader(SomeLeaves(4));
  for (const auto& [old, size] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 0}, {0, 4}, {4, 3}, {1, kMaxTreeSize + 1}}) {
    EXPECT_EQ(ProveConsistency(old, size, reader).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(reader.reads, 0);
}

TEST(FrontierTest, IsReadBackFromTheTree) {
  const std::vector<Hash> leaves = SomeLeaves(kMostLeaves);
  Frontier grown;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    MemoryReader reader(leaves);
    const auto frontier = ReadFrontier(size, reader);
    ASSERT_TRUE(frontier.ok()) << frontier.status();
    EXPECT_EQ(frontier->Root(), grown.Root());
    if (size < leaves.size()) grown.Append(leaves[size]);
  }
  MemoryReader reader(leaves);
  EXPECT_EQ(ReadFrontier(256, reader).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(ReadFrontier(kMaxTreeSize + 1, reader).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace psm::tlog
