#include "mesh/records/tlog/tile_reader.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"

namespace psm::tlog {
namespace {

constexpr std::size_t kKeptTiles = 64;

absl::Status Damaged(const Tile& tile, const absl::Status& why) {
  return absl::DataLossError(absl::StrCat(TilePath(tile), ": ", why.message()));
}

}  // namespace

absl::StatusOr<std::string> FolderSource::Read(const std::string& path) {
  return ReadFile(absl::StrCat(folder_, "/", path));
}

absl::StatusOr<std::pair<std::string, int>> TileReader::Read(const Tile& tile) {
  absl::StatusOr<std::string> bytes = source_.Read(TilePath(tile));
  if (bytes.ok()) return std::pair(*std::move(bytes), tile.width);
  if (!absl::IsNotFound(bytes.status())) return bytes.status();
  if (tile.width < kTileWidth) {
    // The log has grown and only the full tile is kept.
    Tile full = tile;
    full.width = kTileWidth;
    bytes = source_.Read(TilePath(full));
    if (bytes.ok()) return std::pair(*std::move(bytes), kTileWidth);
    if (!absl::IsNotFound(bytes.status())) return bytes.status();
  }
  return Damaged(tile, absl::NotFoundError("it is missing"));
}

absl::StatusOr<std::vector<Hash>> TileReader::Hashes(int tile_level,
                                                     std::uint64_t tile_index) {
  const Tile tile = TileAt(tile_level, tile_index, size_);
  if (tile.width == 0) return std::vector<Hash>();
  PSM_ASSIGN_OR_RETURN(const auto read, Read(tile));
  absl::StatusOr<std::vector<Hash>> hashes =
      DecodeTile(read.first, read.second);
  if (!hashes.ok()) return Damaged(tile, hashes.status());
  hashes->resize(static_cast<std::size_t>(tile.width));
  return hashes;
}

absl::StatusOr<const TileReader::Levels*> TileReader::Load(
    int tile_level, std::uint64_t tile_index) {
  const Key key(tile_level, tile_index);
  const auto kept = tiles_.find(key);
  if (kept != tiles_.end()) return &kept->second;
  PSM_ASSIGN_OR_RETURN(std::vector<Hash> hashes,
                       Hashes(tile_level, tile_index));
  // A proof needs nearly every node of a tile once, so all are made at once.
  Levels levels(1);
  levels[0] = std::move(hashes);
  for (int i = 1; i < kTileHeight; ++i) {
    const std::vector<Hash>& below = levels.back();
    std::vector<Hash> nodes;
    for (std::size_t j = 0; j + 1 < below.size(); j += 2)
      nodes.push_back(NodeHash(below[j], below[j + 1]));
    levels.push_back(std::move(nodes));
  }
  if (order_.size() == kKeptTiles) {
    tiles_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(key);
  return &tiles_.emplace(key, std::move(levels)).first->second;
}

absl::StatusOr<Hash> TileReader::Node(int level, std::uint64_t index) {
  // The subtree must end within the tree.
  if (level < 0 || level > 62 || index >= size_ >> level)
    return absl::OutOfRangeError("the subtree is not in the tree");
  const TileSpot spot = SpotOf(level, index);
  PSM_ASSIGN_OR_RETURN(const Levels* levels,
                       Load(spot.tile_level, spot.tile_index));
  const int within = level % kTileHeight;
  return (*levels)[static_cast<std::size_t>(within)]
                  [static_cast<std::size_t>(spot.first >> within)];
}

absl::StatusOr<std::vector<std::string>> TileReader::Entries(
    std::uint64_t index) {
  const Tile tile = TileAt(kEntries, index, size_);
  if (tile.width == 0) return std::vector<std::string>();
  PSM_ASSIGN_OR_RETURN(const auto read, Read(tile));
  const auto views = DecodeBundle(read.first, read.second);
  if (!views.ok()) return Damaged(tile, views.status());
  std::vector<std::string> entries;
  for (int i = 0; i < tile.width; ++i)
    entries.emplace_back((*views)[static_cast<std::size_t>(i)]);
  return entries;
}

}  // namespace psm::tlog
