// A proof is read as RFC 9162 does (2.1.3.2 and 2.1.4.2): its length follows
// from index and sizes alone, so it is compared before anything is hashed, and
// a proof that is too long or too short never gets as far as a root.
#include "mesh/records/tlog/proof.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm::tlog {
namespace {

absl::Status Refused(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

absl::Status WrongLength(std::size_t expected, std::size_t actual) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the proof has ", actual, " hashes where it needs ", expected));
}

// How the path from one leaf to the root runs: `inner` levels at which the
// node lies in a subtree that is complete on its right, then one step for each
// subtree on its left, `border` in all.
struct Path {
  int inner;
  int border;
};

Path PathOf(std::uint64_t index, std::uint64_t size) {
  const auto inner = static_cast<int>(std::bit_width(index ^ (size - 1)));
  return {inner, inner == 64 ? 0 : std::popcount(index >> inner)};
}

// Climbs the first `levels` levels: the bit of `index` says on which side the
// sibling is.
Hash Climb(Hash node, std::uint64_t index, absl::Span<const Hash> siblings) {
  for (std::size_t level = 0; level < siblings.size(); ++level) {
    node = ((index >> level) & 1) == 0 ? NodeHash(node, siblings[level])
                                       : NodeHash(siblings[level], node);
  }
  return node;
}

// As Climb, but takes only the steps in which the sibling is on the left.
Hash ClimbLeft(Hash node, std::uint64_t index,
               absl::Span<const Hash> siblings) {
  for (std::size_t level = 0; level < siblings.size(); ++level) {
    if (((index >> level) & 1) != 0) node = NodeHash(siblings[level], node);
  }
  return node;
}

Hash FoldLeft(Hash node, absl::Span<const Hash> siblings) {
  for (const Hash& sibling : siblings) node = NodeHash(sibling, node);
  return node;
}

// The root of the leaves [begin, end), where `begin` is a multiple of the
// smallest power of two that is not below end - begin.
absl::StatusOr<Hash> RangeRoot(std::uint64_t begin, std::uint64_t end,
                               HashReader& reader) {
  // Complete subtrees from the smallest, which is the last, to the largest.
  Hash root;
  bool first = true;
  std::uint64_t last = end;
  for (std::uint64_t rest = end - begin; rest != 0; rest &= rest - 1) {
    const int level = std::countr_zero(rest);
    last -= std::uint64_t{1} << level;
    PSM_ASSIGN_OR_RETURN(const Hash node, reader.Node(level, last >> level));
    root = first ? node : NodeHash(node, root);
    first = false;
  }
  return root;
}

// Appends the siblings of node (level, index) up to the root of `size` leaves.
absl::Status AppendSiblings(int level, std::uint64_t index, std::uint64_t size,
                            HashReader& reader, std::vector<Hash>& proof) {
  // Of the last node of each level, which need not be complete.
  std::uint64_t last = (size - 1) >> level;
  for (; last != 0; ++level, index >>= 1, last >>= 1) {
    const std::uint64_t sibling = index ^ 1;
    if (sibling > last) continue;  // the node is passed upwards as it is
    const std::uint64_t begin = sibling << level;
    const std::uint64_t width = std::uint64_t{1} << level;
    const std::uint64_t end = size - begin < width ? size : begin + width;
    PSM_ASSIGN_OR_RETURN(const Hash hash, RangeRoot(begin, end, reader));
    proof.push_back(hash);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyInclusion(std::uint64_t index, std::uint64_t size,
                             const Hash& leaf, absl::Span<const Hash> proof,
                             const Hash& root) {
  if (index >= size) return Refused("the index is not in the tree");
  const Path path = PathOf(index, size);
  const auto inner = static_cast<std::size_t>(path.inner);
  const std::size_t length = inner + static_cast<std::size_t>(path.border);
  if (proof.size() != length) return WrongLength(length, proof.size());
  const Hash found =
      FoldLeft(Climb(leaf, index, proof.first(inner)), proof.subspan(inner));
  if (found != root) return Refused("the proof leads to another root");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(std::uint64_t old_size, std::uint64_t new_size,
                               const Hash& old_root, const Hash& new_root,
                               absl::Span<const Hash> proof) {
  if (old_size > new_size)
    return Refused("the old tree is larger than the new one");
  if (old_size == new_size) {
    if (!proof.empty()) return WrongLength(0, proof.size());
    if (old_root != new_root)
      return Refused("trees of one size have two roots");
    if (old_size == 0 && old_root != EmptyRoot())
      return Refused("an empty tree has another root");
    return absl::OkStatus();
  }
  if (old_size == 0) return Refused("an empty tree is a prefix of any other");

  // The proof begins with the largest complete subtree that ends where the old
  // tree ends; where that is the old tree itself its root is left out.
  const int shift = std::countr_zero(old_size);
  const bool whole = std::has_single_bit(old_size);
  const std::uint64_t index = (old_size - 1) >> shift;
  Path path = PathOf(old_size - 1, new_size);
  path.inner -= shift;
  const auto inner = static_cast<std::size_t>(path.inner);
  const std::size_t start = whole ? 0 : 1;
  const std::size_t length =
      start + inner + static_cast<std::size_t>(path.border);
  if (proof.size() != length) return WrongLength(length, proof.size());

  const Hash seed = whole ? old_root : proof[0];
  const absl::Span<const Hash> climbed = proof.subspan(start, inner);
  const absl::Span<const Hash> folded = proof.subspan(start + inner);
  if (FoldLeft(ClimbLeft(seed, index, climbed), folded) != old_root)
    return Refused("the proof leads to another old root");
  if (FoldLeft(Climb(seed, index, climbed), folded) != new_root)
    return Refused("the proof leads to another new root");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Hash>> ProveInclusion(std::uint64_t index,
                                                 std::uint64_t size,
                                                 HashReader& reader) {
  if (size > kMaxTreeSize || index >= size)
    return Refused("the index is not in the tree");
  std::vector<Hash> proof;
  PSM_RETURN_IF_ERROR(AppendSiblings(0, index, size, reader, proof));
  return proof;
}

absl::StatusOr<std::vector<Hash>> ProveConsistency(std::uint64_t old_size,
                                                   std::uint64_t new_size,
                                                   HashReader& reader) {
  if (new_size > kMaxTreeSize || old_size == 0 || old_size > new_size)
    return Refused("there is no proof between these sizes");
  std::vector<Hash> proof;
  if (old_size == new_size) return proof;
  const int level = std::countr_zero(old_size);
  const std::uint64_t index = (old_size - 1) >> level;
  if (!std::has_single_bit(old_size)) {
    PSM_ASSIGN_OR_RETURN(const Hash seed, reader.Node(level, index));
    proof.push_back(seed);
  }
  PSM_RETURN_IF_ERROR(AppendSiblings(level, index, new_size, reader, proof));
  return proof;
}

absl::StatusOr<Frontier> ReadFrontier(std::uint64_t size, HashReader& reader) {
  if (size > kMaxTreeSize) return Refused("no tree is that large");
  std::vector<Hash> hashes;
  std::uint64_t begin = 0;
  for (int level = 62; level >= 0; --level) {
    if (((size >> level) & 1) == 0) continue;
    PSM_ASSIGN_OR_RETURN(const Hash hash, reader.Node(level, begin >> level));
    hashes.push_back(hash);
    begin += std::uint64_t{1} << level;
  }
  return Frontier::Restore(size, hashes);
}

}  // namespace psm::tlog
