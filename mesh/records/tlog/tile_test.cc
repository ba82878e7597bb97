#include "mesh/records/tlog/tile.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/records/tlog/reference_tree.h"

namespace psm::tlog {
namespace {

TEST(TilePathTest, AreThoseOfTheSpecification) {
  const std::vector<std::pair<Tile, std::string>> cases = {
      {{0, 0, 256}, "tile/0/000"},
      {{0, 1234067, 256}, "tile/0/x001/x234/067"},
      {{1, 999, 17}, "tile/1/999.p/17"},
      {{1, 1000, 255}, "tile/1/x001/000.p/255"},
      {{kEntries, 3, 256}, "tile/entries/003"},
      {{kEntries, 1000000, 1}, "tile/entries/x001/x000/000.p/1"},
      {{7, 0, 127}, "tile/7/000.p/127"},
      {{0, kMaxTreeSize / 256, 255},
       "tile/0/x036/x028/x797/x018/x963/967.p/255"},
  };
  for (const auto& [tile, path] : cases) {
    EXPECT_EQ(TilePath(tile), path);
    const auto parsed = ParseTilePath(path);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_TRUE(*parsed == tile) << path;
  }
}

TEST(TilePathTest, HaveOneSpellingEach) {
  for (const char* bad : {"",
                          "tile",
                          "tile/",
                          "tile/0",
                          "tile/0/",
                          "tile/0/0",
                          "tile/0/00",
                          "tile/0/0000",
                          "tile/0/x000",
                          "tile/0/x000/000",
                          "tile/0/001/000",
                          "tile/0/x01/000",
                          "tile/0/x0001/000",
                          "tile/0/X001/000",
                          "tile/0/x001/x000",
                          "tile/0/x001//000",
                          "tile/0/000/",
                          "/tile/0/000",
                          "tile//0/000",
                          "tile/00/000",
                          "tile/01/000",
                          "tile/-1/000",
                          "tile/+1/000",
                          "tile/ 1/000",
                          "tile/8/000",
                          "tile/63/000",
                          "tile/64/000",
                          "tile/x/000",
                          "tile/entries",
                          "tile/entries/",
                          "tile/entries/x000/001",
                          "tile/Entries/000",
                          "tile/data/000",
                          "tile/0/000.p",
                          "tile/0/000.p/",
                          "tile/0/000.p/0",
                          "tile/0/000.p/256",
                          "tile/0/000.p/01",
                          "tile/0/000.p/+1",
                          "tile/0/000.p/1/",
                          "tile/0/000.p/1.p/1",
                          "tile/0/000.p/1000",
                          "tile/0/000.P/1",
                          "tile/0/.p/1",
                          "tile/0/00a",
                          "tile/0/0 0",
                          "tile/0/..",
                          "tile/0/../0/000",
                          "tile/0/%30%30%30",
                          "tile/0/000?x",
                          "tile/0/000\n",
                          "tile/0/-01",
                          "tile/7/001",
                          "tile/7/000",
                          "tile/7/000.p/128",
                          "tile/0/x036/x028/x797/x018/x963/967",
                          "tile/0/x036/x028/x797/x018/x963/968.p/1",
                          "tile/0/x999/x999/x999/x999/x999/999",
                          "tile/0/x001/x000/x000/x000/x000/x000/000",
                          "tile/0/x018/x446/x744/x073/x709/x551/616"}) {
    EXPECT_EQ(ParseTilePath(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_FALSE(ParseTilePath(absl::string_view("tile/0/000\0", 11)).ok());
  EXPECT_FALSE(ParseTilePath(std::string(1 << 20, 'x')).ok());
}

std::map<int, std::vector<int>> Widths(std::uint64_t from, std::uint64_t to) {
  std::map<int, std::vector<int>> widths;
  for (const Tile& tile : ChangedTiles(from, to))
    widths[tile.level].push_back(tile.width);
  return widths;
}

TEST(ChangedTilesTest, AreThoseOfTheSpecificationsExamples) {
  std::map<int, std::vector<int>> widths = Widths(0, 70000);
  EXPECT_EQ(widths.size(), 4u);
  for (int level : {kEntries, 0}) {
    ASSERT_EQ(widths[level].size(), 274u);
    EXPECT_EQ(widths[level][272], 256);
    EXPECT_EQ(widths[level][273], 112);
  }
  EXPECT_EQ(widths[1], std::vector<int>({256, 17}));
  EXPECT_EQ(widths[2], std::vector<int>({1}));
  widths = Widths(0, 256);
  EXPECT_EQ(widths[0], std::vector<int>({256}));
  EXPECT_EQ(widths[1], std::vector<int>({1}));
  EXPECT_EQ(widths.size(), 3u);
  EXPECT_TRUE(ChangedTiles(0, 0).empty());
  EXPECT_TRUE(ChangedTiles(7, 7).empty());
  EXPECT_TRUE(ChangedTiles(8, 7).empty());
  EXPECT_EQ(ChangedTiles(kMaxTreeSize - 1, kMaxTreeSize).size(), 2u);
}

// Growing in steps writes what a tree has in the end, and nothing twice in one
// width.
TEST(ChangedTilesTest, AddUpToTheWholeTree) {
  for (std::uint64_t step : {1u, 3u, 255u, 256u, 257u, 70000u}) {
    std::map<std::string, int> written;
    std::uint64_t size = 0;
    while (size < 70000) {
      // In one go to where all levels change, then step by step.
      const std::uint64_t next =
          size == 0 ? 65000 : std::min<std::uint64_t>(size + step, 70000);
      for (const Tile& tile : ChangedTiles(size, next)) {
        ASSERT_TRUE(tile == TileAt(tile.level, tile.index, next));
        ASSERT_EQ(++written[TilePath(tile)], 1) << TilePath(tile);
      }
      size = next;
    }
    for (const Tile& tile : ChangedTiles(0, 70000))
      EXPECT_EQ(written.count(TilePath(tile)), 1u) << TilePath(tile);
  }
}

TEST(TileTest, EveryNodeHasItsSpot) {
  EXPECT_EQ(SpotOf(0, 255).first, 255);
  EXPECT_EQ(SpotOf(0, 256).tile_index, 1u);
  EXPECT_EQ(SpotOf(7, 3).first, 128);
  EXPECT_EQ(SpotOf(7, 3).tile_index, 1u);
  EXPECT_EQ(SpotOf(8, 3).tile_level, 1);
  EXPECT_EQ(SpotOf(8, 3).first, 3);
  EXPECT_EQ(SpotOf(17, 200).tile_level, 2);
  EXPECT_EQ(SpotOf(17, 200).tile_index, 1u);
  EXPECT_EQ(SpotOf(17, 200).first, 144);
}

TEST(TileTest, BytesAreHashesAndNothingElse) {
  const std::vector<Hash> hashes = SomeLeaves(256);
  for (int width : {1, 2, 255, 256}) {
    const auto some =
        absl::MakeConstSpan(hashes).first(static_cast<std::size_t>(width));
    const std::string bytes = EncodeTile(some);
    EXPECT_EQ(bytes.size(), static_cast<std::size_t>(width) * 32);
    const auto again = DecodeTile(bytes, width);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(absl::MakeConstSpan(*again), some);
    EXPECT_FALSE(DecodeTile(bytes, width + 1).ok());
    EXPECT_FALSE(DecodeTile(bytes, width - 1).ok());
    EXPECT_FALSE(DecodeTile(bytes + "x", width).ok());
    EXPECT_FALSE(DecodeTile(bytes.substr(1), width).ok());
  }
}

TEST(BundleTest, GivesBackItsEntries) {
  const std::vector<std::string> entries = {"",
                                            "a",
                                            std::string(255, 'b'),
                                            std::string(256, 'c'),
                                            std::string(65535, 'd'),
                                            std::string("\0\1", 2)};
  std::string bundle;
  for (const std::string& entry : entries)
    ASSERT_TRUE(AppendEntry(bundle, entry).ok());
  EXPECT_EQ(bundle.substr(0, 5), std::string("\0\0\0\1a", 5));
  const auto again = DecodeBundle(bundle, 6);
  ASSERT_TRUE(again.ok()) << again.status();
  for (std::size_t i = 0; i < entries.size(); ++i)
    EXPECT_TRUE((*again)[i] == absl::string_view(entries[i])) << i;
}

TEST(BundleTest, RefusesWhatIsNotExactlyItsEntries) {
  std::string bundle;
  EXPECT_FALSE(AppendEntry(bundle, std::string(65536, 'x')).ok());
  EXPECT_EQ(bundle, "");
  EXPECT_TRUE(AppendEntry(bundle, "one").ok());
  EXPECT_TRUE(AppendEntry(bundle, "two").ok());
  EXPECT_TRUE(DecodeBundle(bundle, 2).ok());
  for (int width : {0, 1, 3, 256})
    EXPECT_FALSE(DecodeBundle(bundle, width).ok());
  for (std::size_t size = 0; size < bundle.size(); ++size)
    EXPECT_FALSE(DecodeBundle(bundle.substr(0, size), 2).ok()) << size;
  EXPECT_FALSE(DecodeBundle(bundle + '\0', 2).ok());
  EXPECT_FALSE(DecodeBundle(bundle + std::string(2, '\0'), 2).ok());
  EXPECT_TRUE(DecodeBundle(bundle + std::string(2, '\0'), 3).ok());
}

}  // namespace
}  // namespace psm::tlog
