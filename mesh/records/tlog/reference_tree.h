// For tests: the definitions of RFC 6962, 2.1, as they stand there. Slow, and
// right by inspection.
#ifndef PSM_MESH_RECORDS_TLOG_REFERENCE_TREE_H_
#define PSM_MESH_RECORDS_TLOG_REFERENCE_TREE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/proof.h"

namespace psm::tlog {

// The largest power of two smaller than n, n > 1.
inline std::size_t SplitOf(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

inline Hash ReferenceRoot(absl::Span<const Hash> leaves) {
  if (leaves.empty()) return EmptyRoot();
  if (leaves.size() == 1) return leaves[0];
  const std::size_t k = SplitOf(leaves.size());
  return NodeHash(ReferenceRoot(leaves.first(k)),
                  ReferenceRoot(leaves.subspan(k)));
}

// PATH(m, D[n]).
inline std::vector<Hash> ReferenceInclusion(std::size_t m,
                                            absl::Span<const Hash> leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t k = SplitOf(leaves.size());
  std::vector<Hash> path;
  if (m < k) {
    path = ReferenceInclusion(m, leaves.first(k));
    path.push_back(ReferenceRoot(leaves.subspan(k)));
  } else {
    path = ReferenceInclusion(m - k, leaves.subspan(k));
    path.push_back(ReferenceRoot(leaves.first(k)));
  }
  return path;
}

// SUBPROOF(m, D[n], whole).
inline std::vector<Hash> ReferenceSubproof(std::size_t m,
                                           absl::Span<const Hash> leaves,
                                           bool whole) {
  if (m == leaves.size()) {
    if (whole) return {};
    return {ReferenceRoot(leaves)};
  }
  const std::size_t k = SplitOf(leaves.size());
  std::vector<Hash> proof;
  if (m <= k) {
    proof = ReferenceSubproof(m, leaves.first(k), whole);
    proof.push_back(ReferenceRoot(leaves.subspan(k)));
  } else {
    proof = ReferenceSubproof(m - k, leaves.subspan(k), false);
    proof.push_back(ReferenceRoot(leaves.first(k)));
  }
  return proof;
}

// PROOF(m, D[n]), 0 < m <= n.
inline std::vector<Hash> ReferenceConsistency(std::size_t m,
                                              absl::Span<const Hash> leaves) {
  return ReferenceSubproof(m, leaves, true);
}

// Entries that differ, and their leaf hashes.
inline std::string SomeEntry(std::uint64_t index) {
  return absl::StrCat("entry ", index);
}
inline std::vector<Hash> SomeLeaves(std::size_t size) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < size; ++i)
    leaves.push_back(LeafHash(SomeEntry(i)));
  return leaves;
}

// The nodes of a tree in memory. Refuses what is not a complete subtree.
class MemoryReader : public HashReader {
 public:
  explicit MemoryReader(std::vector<Hash> leaves)
      : leaves_(std::move(leaves)) {}
  absl::StatusOr<Hash> Node(int level, std::uint64_t index) override {
    const std::size_t width = std::size_t{1} << level;
    if ((index + 1) * width > leaves_.size())
      return absl::InternalError("asked for more than the tree has");
    ++reads;
    return ReferenceRoot(
        absl::MakeConstSpan(leaves_).subspan(index * width, width));
  }
  int reads = 0;

 private:
  const std::vector<Hash> leaves_;
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_REFERENCE_TREE_H_
