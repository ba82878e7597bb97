// The youngest entries of the index, in memory, until they become a run.
#ifndef PSM_MESH_RECORDS_INDEX_PART_H_
#define PSM_MESH_RECORDS_INDEX_PART_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/time/time.h"
#include "mesh/records/index_entry.h"
#include "mesh/records/index_run.h"

namespace psm {

// Thread-compatible. About 250 bytes a record.
class IndexPart {
 public:
  // Begins at log index `from`, with room for so many records, and for more.
  explicit IndexPart(std::uint64_t from, std::size_t room = 0);

  std::uint64_t from() const { return from_; }  // its first log index
  std::uint64_t to() const { return to_; }      // the one after its last

  // Adds the records of a frame, which follow those already there. Exchanges
  // asked for at or before `forget` are not found by their id.
  void Add(const IndexedFrame& frame, absl::Time forget);

  // As IndexRun::Visit.
  bool Visit(const IndexKey& key, std::uint64_t before,
             IndexVisitor visit) const;

  // All entries in the order of a run.
  std::vector<IndexEntry> Sorted() const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Link {
    IndexEntry entry;
    std::uint32_t previous;  // of the same key, in keyed_; or kNone
  };

  // Keys are hashes, but somebody may have chosen their first bytes.
  struct KeyHash {
    std::size_t operator()(const IndexKey& key) const {
      return absl::HashOf(PrefixOf(key));
    }
  };

  void AddKeyed(const IndexEntry& entry);

  const std::uint64_t from_;
  std::uint64_t to_;
  std::vector<IndexEntry> places_;                              // by log index
  std::vector<Link> keyed_;                                     // by log index
  absl::flat_hash_map<IndexKey, std::uint32_t, KeyHash> last_;  // in keyed_
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_INDEX_PART_H_
