#include "mesh/records/tlog/tile.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace psm::tlog {
namespace {

constexpr absl::string_view kPrefix = "tile/";
constexpr absl::string_view kEntriesName = "entries";
constexpr absl::string_view kPartial = ".p/";
constexpr std::size_t kLengthBytes = 2;

absl::Status NotATile(absl::string_view path) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", path.substr(0, 100), "' is not the path of a tile"));
}

// Of one element of a tile: how many leaves of the tree it stands for, as a
// shift.
int ShiftOf(int level) { return level == kEntries ? 0 : kTileHeight * level; }

// The index of the last tile that a tree of at most kMaxTreeSize has.
std::uint64_t LastIndex(int level) {
  return (kMaxTreeSize >> ShiftOf(level)) / kTileWidth;
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// "x001/x234/067" -> 1234067; false for text that is not of this form, or does
// not fit. Groups that are zero at the front are for TilePath to notice.
bool ParseIndex(absl::string_view text, std::uint64_t& index) {
  const std::vector<absl::string_view> groups = absl::StrSplit(text, '/');
  if (groups.size() > 6) return false;  // below 10^18 < 2^64
  index = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    absl::string_view group = groups[i];
    if (i + 1 < groups.size() && !absl::ConsumePrefix(&group, "x"))
      return false;
    if (group.size() != 3 || !IsDigits(group)) return false;
    for (char digit : group)
      index = index * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return true;
}

bool ParseSmall(absl::string_view text, int& number) {
  return text.size() <= 3 && IsDigits(text) && absl::SimpleAtoi(text, &number);
}

}  // namespace

std::string TilePath(const Tile& tile) {
  std::string index = absl::StrFormat("%03d", tile.index % 1000);
  for (std::uint64_t rest = tile.index / 1000; rest != 0; rest /= 1000)
    index = absl::StrCat("x", absl::StrFormat("%03d", rest % 1000), "/", index);
  std::string path(kPrefix);
  if (tile.level == kEntries) {
    absl::StrAppend(&path, kEntriesName);
  } else {
    absl::StrAppend(&path, tile.level);
  }
  absl::StrAppend(&path, "/", index);
  if (tile.width < kTileWidth) absl::StrAppend(&path, kPartial, tile.width);
  return path;
}

absl::StatusOr<Tile> ParseTilePath(absl::string_view path) {
  Tile tile;
  absl::string_view rest = path;
  if (!absl::ConsumePrefix(&rest, kPrefix)) return NotATile(path);
  const std::size_t slash = rest.find('/');
  if (slash == absl::string_view::npos) return NotATile(path);
  const absl::string_view level = rest.substr(0, slash);
  absl::string_view index = rest.substr(slash + 1);
  if (level == kEntriesName) {
    tile.level = kEntries;
  } else if (!ParseSmall(level, tile.level) || tile.level > kMaxTileLevel) {
    return NotATile(path);
  }
  const std::size_t partial = index.find(kPartial);
  if (partial != absl::string_view::npos) {
    if (!ParseSmall(index.substr(partial + kPartial.size()), tile.width) ||
        tile.width < 1 || tile.width >= kTileWidth) {
      return NotATile(path);
    }
    index = index.substr(0, partial);
  }
  if (!ParseIndex(index, tile.index) || tile.index > LastIndex(tile.level))
    return NotATile(path);
  // The largest tree ends within its last tile.
  const Tile largest = TileAt(tile.level, tile.index, kMaxTreeSize);
  if (tile.width > largest.width) return NotATile(path);
  // What is left of several spellings: leading zeros.
  if (TilePath(tile) != path) return NotATile(path);
  return tile;
}

Tile TileAt(int level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t elements = size >> ShiftOf(level);
  const std::uint64_t before = index * kTileWidth;
  const std::uint64_t width =
      elements <= before
          ? 0
          : std::min<std::uint64_t>(elements - before, kTileWidth);
  return {level, index, static_cast<int>(width)};
}

std::vector<Tile> ChangedTiles(std::uint64_t from, std::uint64_t to) {
  std::vector<Tile> tiles;
  for (int level = kEntries; level <= kMaxTileLevel; ++level) {
    const std::uint64_t before = from >> ShiftOf(level);
    const std::uint64_t after = to >> ShiftOf(level);
    if (after == 0) break;
    if (before >= after) continue;
    for (std::uint64_t index = before / kTileWidth; index * kTileWidth < after;
         ++index) {
      tiles.push_back(TileAt(level, index, to));
    }
  }
  return tiles;
}

TileSpot SpotOf(int level, std::uint64_t index) {
  const int within = level % kTileHeight;
  const std::uint64_t first = index << within;
  return {level / kTileHeight, first / kTileWidth,
          static_cast<int>(first % kTileWidth)};
}

std::string EncodeTile(absl::Span<const Hash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHashSize);
  for (const Hash& hash : hashes) absl::StrAppend(&bytes, AsBytes(hash));
  return bytes;
}

absl::StatusOr<std::vector<Hash>> DecodeTile(absl::string_view bytes,
                                             int width) {
  const auto count = static_cast<std::size_t>(width);
  if (bytes.size() != count * kHashSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tile of ", count, " hashes has ", count * kHashSize,
                     " bytes, this one ", bytes.size()));
  }
  std::vector<Hash> hashes(count);
  for (Hash& hash : hashes) {
    std::copy_n(bytes.begin(), kHashSize, hash.begin());
    bytes.remove_prefix(kHashSize);
  }
  return hashes;
}

absl::Status AppendEntry(std::string& bundle, absl::string_view entry) {
  if (entry.size() > kMaxEntrySize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an entry has at most 65535 bytes, this one ", entry.size()));
  }
  bundle.push_back(static_cast<char>(entry.size() >> 8));
  bundle.push_back(static_cast<char>(entry.size() & 0xff));
  absl::StrAppend(&bundle, entry);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<absl::string_view>> DecodeBundle(
    absl::string_view bytes, int width) {
  std::vector<absl::string_view> entries;
  for (int i = 0; i < width; ++i) {
    if (bytes.size() < kLengthBytes)
      return absl::InvalidArgumentError("a bundle lacks an entry");
    const std::size_t size =
        static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
        static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(kLengthBytes);
    if (bytes.size() < size)
      return absl::InvalidArgumentError("a bundle ends within an entry");
    entries.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty())
    return absl::InvalidArgumentError("a bundle has more than its entries");
  return entries;
}

}  // namespace psm::tlog
