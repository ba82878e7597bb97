// Reads a published log: hashes and entries from its tiles, wherever they are
// served. Believes what it reads: see TileReader.
#ifndef PSM_MESH_RECORDS_TLOG_TILE_READER_H_
#define PSM_MESH_RECORDS_TLOG_TILE_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile.h"

namespace psm::tlog {

// Where the files of a log are: a folder, a web server.
class TileSource {
 public:
  virtual ~TileSource() = default;
  // The bytes of a file, `path` as TilePath gives it, or "checkpoint".
  // NOT_FOUND where there is none; other errors are passed on.
  virtual absl::StatusOr<std::string> Read(const std::string& path) = 0;
};

// The files of a folder that a TileFolder wrote. Thread-safe.
class FolderSource : public TileSource {
 public:
  explicit FolderSource(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<std::string> Read(const std::string& path) override;

 private:
  const std::string folder_;
};

// The tree of `size` leaves, which a checkpoint that holds has named. A partial
// tile that is gone is looked for in the full one, as C2SP tlog-tiles has it.
//
// What it gives is as true as its source: compare the root of ReadFrontier, or
// verify the proof that was made, against the checkpoint. Keeps the last 64
// tiles that it read (1 MiB). Thread-compatible. `source` must outlive it.
class TileReader : public HashReader {
 public:
  TileReader(TileSource& source, std::uint64_t size)
      : source_(source), size_(size) {}

  std::uint64_t size() const { return size_; }

  // OUT_OF_RANGE for a subtree that is not wholly in the tree; DATA_LOSS for a
  // tile that is missing or has another size than its width says; else the
  // source's errors.
  absl::StatusOr<Hash> Node(int level, std::uint64_t index) override;

  // The hashes of one tile, as many as this tree has there; empty where it has
  // none. Errors as Node's.
  absl::StatusOr<std::vector<Hash>> Hashes(int tile_level,
                                           std::uint64_t tile_index);

  // The entries of one bundle, likewise: those from 256 * `index` on.
  absl::StatusOr<std::vector<std::string>> Entries(std::uint64_t index);

 private:
  using Key = std::pair<int, std::uint64_t>;
  using Levels = std::vector<std::vector<Hash>>;  // of a tile, leaves first

  // The bytes of a tile and the width that they have: the tile's, or full.
  absl::StatusOr<std::pair<std::string, int>> Read(const Tile& tile);
  absl::StatusOr<const Levels*> Load(int tile_level, std::uint64_t tile_index);

  TileSource& source_;
  const std::uint64_t size_;
  std::map<Key, Levels> tiles_;
  std::deque<Key> order_;  // of tiles_, oldest first
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_TILE_READER_H_
