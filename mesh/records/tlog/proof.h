// Inclusion and consistency proofs (RFC 6962, 2.1.1 and 2.1.2; RFC 9162, 2.1.3
// and 2.1.4): verified, and made from whatever serves the hashes of complete
// subtrees.
#ifndef PSM_MESH_RECORDS_TLOG_PROOF_H_
#define PSM_MESH_RECORDS_TLOG_PROOF_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/merkle.h"

namespace psm::tlog {

// No tree needs a longer proof.
inline constexpr std::size_t kMaxProofHashes = 64;

// OK where `proof` (from the leaf upwards) shows that the tree of `size` leaves
// with this root has `leaf`, a leaf hash, at `index` (zero-based). Else
// INVALID_ARGUMENT, which says whether the index is not in the tree, the proof
// has a wrong length, or it leads to another root. Any input is safe.
absl::Status VerifyInclusion(std::uint64_t index, std::uint64_t size,
                             const Hash& leaf, absl::Span<const Hash> proof,
                             const Hash& root);

// OK where `proof` shows that the tree of `old_size` leaves with `old_root` is
// a prefix of the tree of `new_size` leaves with `new_root`. Else
// INVALID_ARGUMENT: also for an old size of 0 beside another new one, of which
// no proof says anything (who accepts any tree after none need not ask), and
// for an old size over the new one. Equal sizes take an empty proof and equal
// roots. Any input is safe.
absl::Status VerifyConsistency(std::uint64_t old_size, std::uint64_t new_size,
                               const Hash& old_root, const Hash& new_root,
                               absl::Span<const Hash> proof);

// Where the hashes of a tree come from: tiles, a store, memory.
class HashReader {
 public:
  virtual ~HashReader() = default;
  // The root of the complete subtree over the leaves [index << level,
  // (index + 1) << level); level 0 gives leaf hashes. Asked only for subtrees
  // that lie wholly in the tree it was made for. Errors are the reader's own
  // and are passed on by the functions below.
  virtual absl::StatusOr<Hash> Node(int level, std::uint64_t index) = 0;
};

// Each reads as few nodes as it can. What they make is as true as what the
// reader says: verify it against a root that is signed. INVALID_ARGUMENT for
// an index or a size out of bounds, else the reader's errors.
absl::StatusOr<std::vector<Hash>> ProveInclusion(std::uint64_t index,
                                                 std::uint64_t size,
                                                 HashReader& reader);
// 0 < old_size <= new_size.
absl::StatusOr<std::vector<Hash>> ProveConsistency(std::uint64_t old_size,
                                                   std::uint64_t new_size,
                                                   HashReader& reader);
// The right edge of the tree of the first `size` leaves.
absl::StatusOr<Frontier> ReadFrontier(std::uint64_t size, HashReader& reader);

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_PROOF_H_
