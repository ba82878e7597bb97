// Publishes a log as a folder of files that any static web server can serve
// (C2SP tlog-tiles): tiles, entry bundles and the checkpoint.
#ifndef PSM_MESH_RECORDS_TLOG_TILE_FOLDER_H_
#define PSM_MESH_RECORDS_TLOG_TILE_FOLDER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mesh/records/tlog/checkpoint.h"
#include "mesh/records/tlog/merkle.h"
#include "mesh/records/tlog/note_key.h"
#include "mesh/records/tlog/tile.h"

namespace psm::tlog {

// The one writer of such a folder. Whoever reads it, at any time and after any
// crash, finds a checkpoint and every tile and entry that its tree has; a full
// tile under a published checkpoint is never written again. Files are 0644 in
// folders of 0755, whatever the umask.
//
// After an error it is of no further use: destroy it and Open again, which goes
// on from the last published checkpoint. Thread-compatible; blocks on the disk.
class TileFolder {
 public:
  // Goes on where the folder's checkpoint ends; makes the folder where it is
  // missing (those above it 0700, which no web server of another user passes).
  // FAILED_PRECONDITION where the checkpoint is not one of `log`; DATA_LOSS
  // where the tiles at the tree's edge are missing, damaged or do not have the
  // checkpoint's root; else the code of the errno.
  static absl::StatusOr<std::unique_ptr<TileFolder>> Open(
      const std::string& folder, const VerifierKey& log) {
    return Open(folder, std::vector<VerifierKey>{log});
  }
  // The same for a log that has had several keys, of one name: its checkpoint
  // may be signed by any of them.
  static absl::StatusOr<std::unique_ptr<TileFolder>> Open(
      const std::string& folder, std::vector<VerifierKey> keys);
  TileFolder(const TileFolder&) = delete;
  TileFolder& operator=(const TileFolder&) = delete;

  // What the folder's checkpoint says; nullopt in a new folder.
  const std::optional<SignedCheckpoint>& published() const {
    return published_;
  }
  // Entries added, published or not: the index of the next one.
  std::uint64_t size() const { return frontier_.size(); }
  Hash root() const { return frontier_.Root(); }  // of those entries

  // Adds the next entries. Full tiles go to the disk as they fill, so that any
  // number can be added in turn; nobody is told of them before Publish.
  // INVALID_ARGUMENT for an entry over kMaxEntrySize.
  absl::Status Add(absl::Span<const std::string> entries);

  // Publishes what was added. When it returns OK everything outlives a power
  // cut. The same tree may be published again, with more cosignatures.
  // INVALID_ARGUMENT unless `checkpoint` is of size() entries with root();
  // ABORTED where somebody else has published here meanwhile.
  absl::Status Publish(const SignedCheckpoint& checkpoint);

 private:
  TileFolder(std::string folder, std::vector<VerifierKey> keys)
      : folder_(std::move(folder)), keys_(std::move(keys)) {}

  const std::string& origin() const { return keys_.front().name(); }
  absl::Status Restore();
  absl::Status AddEntry(const std::string& entry);
  absl::Status AddHash(std::size_t level, const Hash& hash);
  absl::Status WriteTile(const Tile& tile, absl::string_view bytes);
  absl::Status WritePartialTiles();
  absl::Status RemoveUnsigned(Tile tile, int published);
  absl::Status RemovePartialTiles();
  absl::Status MakePublicFolder(const std::string& folder);
  absl::Status SyncAll();
  absl::Status PublishLocked(const SignedCheckpoint& checkpoint);

  const std::string folder_;
  const std::vector<VerifierKey> keys_;  // not empty
  bool broken_ = false;
  std::string published_bytes_;  // of the checkpoint's file; "" for none
  std::optional<SignedCheckpoint> published_;
  Frontier frontier_;
  std::vector<std::vector<Hash>> edge_;  // of each level, its partial tile
  std::string bundle_;                   // the partial bundle
  std::set<std::string> unsynced_files_;
  std::set<std::string> unsynced_folders_;
  std::set<std::string> known_folders_;  // that are there
};

}  // namespace psm::tlog

#endif  // PSM_MESH_RECORDS_TLOG_TILE_FOLDER_H_
