#include "mesh/records/published_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

using tlog::kEntries;
using tlog::kHashSize;
using tlog::kTileHeight;
using tlog::kTileWidth;
using tlog::Tile;

constexpr std::size_t kLengthBytes = 2;  // before each entry, big-endian

std::size_t Width(const Tile& tile) {
  return static_cast<std::size_t>(tile.width);
}

}  // namespace

absl::StatusOr<bool> PublishedTree::Next() {
  entry_ = {};
  if (done_ == size_) return false;
  const std::uint64_t tile = done_ / kTileWidth;
  if (done_ % kTileWidth == 0) {
    PSM_ASSIGN_OR_RETURN(const bool found, Load(kEntries, tile, bundle_));
    if (!found) {
      Find(AuditFinding::In::kMissing, done_,
           tile * kTileWidth + Width(bundle_.tile) - 1, bundle_.path,
           "the entries are missing");
      return false;
    }
  }
  if (!TakeEntry()) return false;
  PSM_RETURN_IF_ERROR(Take(0, done_, tlog::LeafHash(entry_)));
  ++done_;
  if ((done_ % kTileWidth == 0 || done_ == size_) && bundle_.exact &&
      bundle_.ends.back() != bundle_.bytes.size()) {
    Find(AuditFinding::In::kEntry, done_ - 1, done_ - 1, bundle_.path,
         "the bundle has more than its entries");
  }
  return true;
}

// The next entry out of the bundle.
bool PublishedTree::TakeEntry() {
  const std::size_t begin = bundle_.ends.empty() ? 0 : bundle_.ends.back();
  const absl::string_view rest = absl::string_view(bundle_.bytes).substr(begin);
  std::size_t size = 0;
  if (rest.size() >= kLengthBytes) {
    size = static_cast<std::size_t>(static_cast<unsigned char>(rest[0])) << 8 |
           static_cast<unsigned char>(rest[1]);
  }
  if (rest.size() < kLengthBytes + size) {
    Find(AuditFinding::In::kMissing, done_, done_, bundle_.path,
         "the bundle ends before this entry does");
    return false;
  }
  entry_ = rest.substr(kLengthBytes, size);
  bundle_.ends.push_back(begin + kLengthBytes + size);
  return true;
}

absl::Status PublishedTree::Take(std::size_t level, std::uint64_t index,
                                 const tlog::Hash& hash) {
  Open& open = tiles_[level];
  const std::size_t place = index % kTileWidth;
  const int shift = kTileHeight * static_cast<int>(level);
  const std::uint64_t first = index << shift;
  const std::uint64_t last = first + (std::uint64_t{1} << shift) - 1;
  bool there = true;
  if (place == 0) {
    PSM_ASSIGN_OR_RETURN(
        there, Load(static_cast<int>(level), index / kTileWidth, open));
  }
  if (!there) {
    Find(AuditFinding::In::kMissing, first,
         first + (Width(open.tile) << shift) - 1, open.path,
         "the tile is missing");
  } else if (open.bytes.size() < (place + 1) * kHashSize) {
    Find(AuditFinding::In::kMissing, first, last, open.path,
         absl::StrCat("the tile ends before its hash ", place));
  } else if (absl::string_view(open.bytes)
                 .substr(place * kHashSize, kHashSize) != tlog::AsBytes(hash)) {
    if (level == 0) {
      Find(AuditFinding::In::kEntry, first, last, open.path,
           "the entry has another hash than its tile says");
    } else {
      Find(AuditFinding::In::kTile, first, last, open.path,
           absl::StrCat("its hash ", place, " is not that of the tile below"));
    }
  } else if (place + 1 == Width(open.tile) && open.exact &&
             open.bytes.size() != Width(open.tile) * kHashSize) {
    Find(AuditFinding::In::kTile, last, last, open.path,
         "the tile has more than its hashes");
  }
  tlog::Frontier& edge = edge_[level];
  edge.Append(hash);
  if (edge.size() < static_cast<std::uint64_t>(kTileWidth)) {
    return absl::OkStatus();
  }
  const tlog::Hash root = edge.Root();
  edge = tlog::Frontier();
  return Take(level + 1, index / kTileWidth, root);
}

tlog::Frontier PublishedTree::frontier() const {
  std::array<tlog::Hash, 64> hashes;
  std::size_t count = 0;
  std::uint64_t size = 0;
  for (std::size_t level = edge_.size(); level-- > 0;) {
    size = size * kTileWidth + edge_[level].size();
    for (const tlog::Hash& hash : edge_[level].hashes()) hashes[count++] = hash;
  }
  // The sizes of the levels are the digits of the whole tree's, so their
  // subtrees are its own.
  return *tlog::Frontier::Restore(size, {hashes.data(), count});
}

absl::Status PublishedTree::CheckLeftovers() {
  for (int level = kEntries; level <= tlog::kMaxTileLevel; ++level) {
    const int shift = level == kEntries ? 0 : kTileHeight * level;
    const std::uint64_t elements = size_ >> shift;
    if (elements == 0) break;
    const Open& open =
        level == kEntries ? bundle_ : tiles_[static_cast<std::size_t>(level)];
    if (elements % kTileWidth == 0) continue;  // no partial tile
    for (Tile tile = open.tile; --tile.width > 0;) {
      const std::string path = tlog::TilePath(tile);
      absl::StatusOr<std::string> bytes = source_.Read(path);
      if (absl::IsNotFound(bytes.status())) continue;
      PSM_RETURN_IF_ERROR(bytes.status());
      ++files_;
      const std::size_t size = level == kEntries ? open.ends[Width(tile) - 1]
                                                 : Width(tile) * kHashSize;
      const absl::string_view good =
          absl::string_view(open.bytes).substr(0, size);
      if (*bytes == good) continue;
      const auto differs = static_cast<std::size_t>(
          std::mismatch(good.begin(), good.end(), bytes->begin(), bytes->end())
              .first -
          good.begin());
      const std::size_t place =
          level == kEntries ? static_cast<std::size_t>(
                                  std::upper_bound(open.ends.begin(),
                                                   open.ends.end(), differs) -
                                  open.ends.begin())
                            : differs / kHashSize;
      const std::uint64_t first =
          (open.tile.index * kTileWidth + std::min(place, Width(tile) - 1))
          << shift;
      Find(AuditFinding::In::kTile, first,
           first + (std::uint64_t{1} << shift) - 1, path,
           absl::StrCat("is not the beginning of ", open.path));
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> PublishedTree::Load(int level, std::uint64_t index,
                                         Open& open) {
  open.tile = tlog::TileAt(level, index, size_);
  open.path = tlog::TilePath(open.tile);
  open.exact = true;
  open.bytes.clear();
  open.ends.clear();
  absl::StatusOr<std::string> bytes = source_.Read(open.path);
  if (absl::IsNotFound(bytes.status()) && open.tile.width < kTileWidth) {
    // The log has grown since, and only the full tile is kept.
    Tile full = open.tile;
    full.width = kTileWidth;
    bytes = source_.Read(tlog::TilePath(full));
    if (bytes.ok()) {
      open.path = tlog::TilePath(full);
      open.exact = false;
    }
  }
  if (absl::IsNotFound(bytes.status())) return false;
  PSM_RETURN_IF_ERROR(bytes.status());
  ++files_;
  open.bytes = *std::move(bytes);
  return true;
}

void PublishedTree::Find(AuditFinding::In in, std::uint64_t first,
                         std::uint64_t last, const std::string& file,
                         std::string what) {
  if (finding_.has_value()) return;
  finding_ = AuditFinding{in, first, last, file, std::move(what)};
}

}  // namespace psm
