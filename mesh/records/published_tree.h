// Walks what a log has published in the order of its leaves, and holds each
// file against the others: entries against the tiles of leaf hashes, each tile
// against those below it. Knows neither records nor signatures.
#ifndef PSM_MESH_RECORDS_PUBLISHED_TREE_H_
#define PSM_MESH_RECORDS_PUBLISHED_TREE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/tile.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm {

// The first thing that does not hold.
struct AuditFinding {
  enum class In {
    kCheckpoint,  // what the log shows as its head
    kHistory,     // the head against one that was kept from before
    kEntry,       // an entry is not what the tile of leaf hashes says
    kTile,        // a tile is not what lies below it
    kMissing,     // a file, or a part of one
    kRecord,      // a record is not what its entry commits to
    kHead,        // a head in the records' folder
    kRoot,        // everything agrees but with the checkpoint
    kKeys,        // a change of keys is not in the log where it says
  };
  In in;
  // Leaf indices, zero-based: the first one that is bad, and the last one where
  // it cannot be told which of several. nullopt: not of any leaf.
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;
  std::string file;  // where: of the log's folder, or of the records'
  std::string what;  // in words, for a person
};

// Thread-compatible. `source` must outlive it.
class PublishedTree {
 public:
  // The tree of the first `size` leaves, which a checkpoint has named.
  PublishedTree(tlog::TileSource& source, std::uint64_t size)
      : source_(source), size_(size) {}

  // Goes on to the next entry. False at the end of the tree, or where an entry
  // cannot be had, which is then the finding. Other errors are the source's.
  absl::StatusOr<bool> Next();
  // After the last Next(): looks through partial tiles that were left from
  // smaller trees, which readers of older checkpoints still use.
  absl::Status CheckLeftovers();

  // Entries gone through.
  std::uint64_t done() const { return done_; }
  // The last one; valid until Next().
  absl::string_view entry() const { return entry_; }
  // The tree of the entries gone through, whatever the tiles say.
  tlog::Frontier frontier() const;

  // The first thing that does not hold, in the order of the walk. The walk goes
  // on behind it, so that it shows whose root is signed.
  const std::optional<AuditFinding>& finding() const { return finding_; }
  std::uint64_t files() const { return files_; }  // read

 private:
  // A tile or bundle that is being walked through.
  struct Open {
    tlog::Tile tile;
    std::string path;  // that was read: the tile's, or that of the full one
    std::string bytes;
    bool exact = true;  // the width is the tile's own, so nothing may follow
    std::vector<std::size_t> ends;  // of the entries of a bundle
  };

  // False where it is missing.
  absl::StatusOr<bool> Load(int level, std::uint64_t index, Open& open);
  // Takes the hash of (level, index of that level) as computed; the levels
  // above follow.
  absl::Status Take(std::size_t level, std::uint64_t index,
                    const tlog::Hash& hash);
  bool TakeEntry();
  void Find(AuditFinding::In in, std::uint64_t first, std::uint64_t last,
            const std::string& file, std::string what);

  tlog::TileSource& source_;
  const std::uint64_t size_;
  std::uint64_t done_ = 0;
  absl::string_view entry_;  // into bundle_
  Open bundle_;
  std::array<Open, tlog::kMaxTileLevel + 1> tiles_;
  // Of each level, the tile that is being filled: the tree's right edge.
  std::array<tlog::Frontier, tlog::kMaxTileLevel + 1> edge_;
  std::optional<AuditFinding> finding_;
  std::uint64_t files_ = 0;
};

}  // namespace psm

#endif  // PSM_MESH_RECORDS_PUBLISHED_TREE_H_
