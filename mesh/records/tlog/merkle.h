// The Merkle tree of a transparency log (RFC 6962, 2.1): hashes, and the tree's
// right edge, which is all that growing it needs. Knows neither records nor
// files.
#ifndef PSM_MESH_RECORDS_TLOG_MERKLE_H_
#define PSM_MESH_RECORDS_TLOG_MERKLE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace psm::tlog {

inline constexpr std::size_t kHashSize = 32;  // bytes, SHA-256
using Hash = std::array<std::uint8_t, kHashSize>;

// The largest number of leaves. Other people's logs count in int64.
inline constexpr std::uint64_t kMaxTreeSize = (std::uint64_t{1} << 63) - 1;

// The bytes of a hash, valid as long as it.
inline absl::string_view AsBytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}
// INVALID_ARGUMENT unless `bytes` are 32.
absl::StatusOr<Hash> HashFromBytes(absl::string_view bytes);

// The root of the tree without leaves: SHA-256 of nothing.
Hash EmptyRoot();
// SHA-256(0x00 || entry). About 0.4 us for 350 bytes.
Hash LeafHash(absl::string_view entry);
// SHA-256(0x01 || left || right). About 0.16 us.
Hash NodeHash(const Hash& left, const Hash& right);

// The right edge of a tree: the roots of the largest complete subtrees that it
// consists of, one for each bit of its size. Enough to append and to compute
// the root; forgets everything else.
//
// Copying costs no allocation (2 KiB, some 40 ns): to append what may yet come
// to nothing, append to a copy and keep the copy once the leaves are durable.
// Thread-compatible.
class Frontier {
 public:
  // The empty tree.
  Frontier() = default;
  // What size() and hashes() said. INVALID_ARGUMENT where `hashes` are not as
  // many as `size` has bits set, or `size` is over kMaxTreeSize. Whether they
  // are the right hashes shows in Root() alone.
  static absl::StatusOr<Frontier> Restore(std::uint64_t size,
                                          absl::Span<const Hash> hashes);

  std::uint64_t size() const { return size_; }  // leaves
  // Largest subtree, which is the leftmost, first. Valid until the next Append.
  absl::Span<const Hash> hashes() const { return {hashes_.data(), count_}; }

  // Adds one leaf by its hash; one NodeHash on average. The tree must have
  // fewer than kMaxTreeSize leaves.
  void Append(const Hash& leaf);
  // RFC 6962, 2.1: at most 62 NodeHash, about half as many as the size has
  // bits.
  Hash Root() const;

 private:
  std::uint64_t size_ = 0;
  std::size_t count_ = 0;
  std::array<Hash, 64> hashes_{};
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_MERKLE_H_
