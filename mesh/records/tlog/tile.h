// The tiles and entry bundles of a log: where each lies and what its bytes are
// (C2SP tlog-tiles). Knows no files.
#ifndef PSM_MESH_RECORDS_TLOG_TILE_H_
#define PSM_MESH_RECORDS_TLOG_TILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/merkle.h"

namespace psm::tlog {

inline constexpr int kTileHeight = 8;    // levels of the tree in one tile
inline constexpr int kTileWidth = 256;   // hashes, or entries, in a full one
inline constexpr int kMaxTileLevel = 7;  // 256^8 leaves are 2^64
inline constexpr int kEntries = -1;      // the "level" of entry bundles
inline constexpr std::size_t kMaxEntrySize = 65535;  // bytes, a uint16

// One tile, or one entry bundle.
struct Tile {
  int level = 0;            // 0 (leaf hashes) to kMaxTileLevel, or kEntries
  std::uint64_t index = 0;  // within the level
  int width = kTileWidth;   // 1 to 255 for a partial one

  friend bool operator==(const Tile& a, const Tile& b) {
    return a.level == b.level && a.index == b.index && a.width == b.width;
  }
};

// "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/003".
std::string TilePath(const Tile& tile);

// The tile of a path that TilePath gives, or INVALID_ARGUMENT for any other
// text: each tile has one path. Also for tiles that no tree of at most
// kMaxTreeSize leaves has.
absl::StatusOr<Tile> ParseTilePath(absl::string_view path);

// The tile at `level` (or kEntries) and `index` in a tree of `size` leaves: its
// width is 0 where the tree has none there.
Tile TileAt(int level, std::uint64_t index, std::uint64_t size);

// The tiles and entry bundles that a tree of `to` leaves has and one of `from`
// leaves has not, or has in another width: what must be written when a log
// grows. Level by level, entry bundles first, lower indices first; the last one
// of a level may be partial. Empty where from >= to.
std::vector<Tile> ChangedTiles(std::uint64_t from, std::uint64_t to);

// The tile that has the hash of the complete subtree (level, index), and where
// it begins there: its leaves in the tile are
// [first, first + (1 << (level % 8))).
struct TileSpot {
  int tile_level;
  std::uint64_t tile_index;
  int first;
};
TileSpot SpotOf(int level, std::uint64_t index);

// The bytes of a tile of hashes.
std::string EncodeTile(absl::Span<const Hash> hashes);
// INVALID_ARGUMENT unless there are exactly `width` hashes.
absl::StatusOr<std::vector<Hash>> DecodeTile(absl::string_view bytes,
                                             int width);

// Appends one entry to a bundle. INVALID_ARGUMENT where it is over
// kMaxEntrySize; then nothing is appended.
absl::Status AppendEntry(std::string& bundle, absl::string_view entry);
// The entries of a bundle, as views into `bytes`. INVALID_ARGUMENT unless they
// are exactly `width` and nothing follows.
absl::StatusOr<std::vector<absl::string_view>> DecodeBundle(
    absl::string_view bytes, int width);

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_TILE_H_
