// The order of things, which is what makes a crash harmless:
//
// 1. Full tiles and bundles are written as they fill, each under another name
//    and then renamed, without waiting for the disk.
// 2. Publish writes the partial ones of the new size, then syncs every file
//    written since, then every folder in which a name has appeared.
// 3. Only then the partial tiles go whose full tile is on the disk now; a
//    reader of the old checkpoint finds the full one instead.
// 4. The checkpoint comes last, synced and renamed (WriteWholeFile).
//
// So the disk never has a checkpoint without its tiles. What a crash before 4
// leaves are tiles beyond the checkpoint, which nobody has signed: they are
// left as they are where they turn out the same, replaced where a power cut has
// spoilt them, and partial ones of a width that is never signed are removed. A
// full tile that a checkpoint covers is not even looked at again.
//
// Whoever may write to the folder can damage it, and any reader notices by the
// checkpoint's root; who may not sign cannot make another tree of it.
#include "mesh/records/tlog/tile_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/tlog/proof.h"
#include "mesh/records/tlog/tile_reader.h"

namespace psm::tlog {
namespace {

constexpr mode_t kPublicFolder = 0755;
constexpr char kCheckpointName[] = "checkpoint";
// How many files may wait for one sync: 2048 full tiles with their bundles.
constexpr std::size_t kMaxUnsyncedFiles = 4096;
// How many are synced one by one (each a commit of the file system's journal);
// more of them cost less as one sync of the whole file system (300 tiles: 0.09
// s against 1.6 s), though it waits for what others have written, too.
constexpr std::size_t kMostSyncedSingly = 16;

absl::Status Failed(absl::string_view what, const std::string& path) {
  const int error = errno;
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat("cannot ", what, " ", path, ": ",
                                   std::generic_category().message(error)));
}

absl::Status SyncFile(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", file);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  if (fsync(fd) != 0) return Failed("sync", file);
  return absl::OkStatus();
}

absl::Status SyncFileSystemOf(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  // Since Linux 5.8 it also says when a page could not be written.
  if (syncfs(fd) != 0) return Failed("sync the disk of", folder);
  return absl::OkStatus();
}

Hash RootOf(const std::vector<Hash>& hashes) {
  Frontier frontier;
  for (const Hash& hash : hashes) frontier.Append(hash);
  return frontier.Root();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TileFolder>> TileFolder::Open(
    const std::string& folder, std::vector<VerifierKey> keys) {
  std::unique_ptr<TileFolder> opened(new TileFolder(folder, std::move(keys)));
  PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(folder)));
  PSM_RETURN_IF_ERROR(opened->MakePublicFolder(folder));
  PSM_RETURN_IF_ERROR(opened->Restore());
  return opened;
}

absl::Status TileFolder::Restore() {
  edge_.resize(1);
  FolderSource source(folder_);
  absl::StatusOr<std::string> bytes = source.Read(kCheckpointName);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  PSM_RETURN_IF_ERROR(bytes.status());
  auto checkpoint = SignedCheckpoint::Open(*bytes, keys_);
  if (!checkpoint.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder_, "/", kCheckpointName, " is not one of ", origin(),
                     ": ", checkpoint.status().message()));
  }
  const std::uint64_t size = checkpoint->size();
  TileReader reader(source, size);
  PSM_ASSIGN_OR_RETURN(frontier_, ReadFrontier(size, reader));
  if (frontier_.Root() != checkpoint->root()) {
    return absl::DataLossError(absl::StrCat(
        "the tiles in ", folder_, " have another root than the checkpoint"));
  }
  edge_.clear();
  for (int level = 0; level <= kMaxTileLevel; ++level) {
    if (level > 0 && size >> (kTileHeight * level) == 0) break;
    const std::uint64_t elements = size >> (kTileHeight * level);
    PSM_ASSIGN_OR_RETURN(std::vector<Hash> hashes,
                         reader.Hashes(level, elements / kTileWidth));
    edge_.push_back(std::move(hashes));
  }
  PSM_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                       reader.Entries(size / kTileWidth));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (LeafHash(entries[i]) != edge_[0][i]) {
      return absl::DataLossError(absl::StrCat("the last entries in ", folder_,
                                              " are not those of its tiles"));
    }
    PSM_RETURN_IF_ERROR(AppendEntry(bundle_, entries[i]));
  }
  published_bytes_ = *std::move(bytes);
  published_ = *std::move(checkpoint);
  return absl::OkStatus();
}

absl::Status TileFolder::Add(absl::Span<const std::string> entries) {
  if (broken_) return absl::FailedPreconditionError("open the folder again");
  for (const std::string& entry : entries) {
    const absl::Status added = AddEntry(entry);
    if (!added.ok()) {
      broken_ = true;
      return added;
    }
  }
  return absl::OkStatus();
}

absl::Status TileFolder::AddEntry(const std::string& entry) {
  PSM_RETURN_IF_ERROR(AppendEntry(bundle_, entry));
  if (edge_[0].size() + 1 == kTileWidth) {
    const Tile tile{kEntries, frontier_.size() / kTileWidth, kTileWidth};
    PSM_RETURN_IF_ERROR(WriteTile(tile, bundle_));
    bundle_.clear();
  }
  const Hash hash = LeafHash(entry);
  frontier_.Append(hash);
  return AddHash(0, hash);
}

absl::Status TileFolder::AddHash(std::size_t level, const Hash& hash) {
  if (level == edge_.size()) edge_.emplace_back();
  edge_[level].push_back(hash);
  if (edge_[level].size() < kTileWidth) return absl::OkStatus();
  const int tile_level = static_cast<int>(level);
  const std::uint64_t elements = frontier_.size() >> (kTileHeight * tile_level);
  const Tile tile{tile_level, elements / kTileWidth - 1, kTileWidth};
  PSM_RETURN_IF_ERROR(WriteTile(tile, EncodeTile(edge_[level])));
  const Hash root = RootOf(edge_[level]);
  edge_[level].clear();
  return AddHash(level + 1, root);
}

absl::Status TileFolder::WriteTile(const Tile& tile, absl::string_view bytes) {
  const std::string file = absl::StrCat(folder_, "/", TilePath(tile));
  const std::string above = FolderOf(file);
  PSM_RETURN_IF_ERROR(MakePublicFolder(above));
  // Left by a crash, beyond the checkpoint.
  const absl::StatusOr<std::string> there = ReadFile(file);
  if (!there.ok() || *there != bytes)
    PSM_RETURN_IF_ERROR(
        WriteWholeFile(file, bytes, kPublic, Outlives::kProcess));
  unsynced_files_.insert(file);
  unsynced_folders_.insert(above);
  if (unsynced_files_.size() >= kMaxUnsyncedFiles) return SyncAll();
  return absl::OkStatus();
}

absl::Status TileFolder::Publish(const SignedCheckpoint& checkpoint) {
  if (broken_) return absl::FailedPreconditionError("open the folder again");
  if (checkpoint.checkpoint().origin != origin() ||
      checkpoint.size() != size() || checkpoint.root() != root()) {
    return absl::InvalidArgumentError(
        "the checkpoint is not of the entries that were added");
  }
  const absl::Status done = PublishLocked(checkpoint);
  broken_ = !done.ok();
  return done;
}

absl::Status TileFolder::PublishLocked(const SignedCheckpoint& checkpoint) {
  PSM_ASSIGN_OR_RETURN(const FolderLock lock, FolderLock::Take(folder_));
  const std::string file = absl::StrCat(folder_, "/", kCheckpointName);
  absl::StatusOr<std::string> there = ReadFile(file);
  if (absl::IsNotFound(there.status())) there = std::string();
  PSM_RETURN_IF_ERROR(there.status());
  if (*there != published_bytes_) {
    return absl::AbortedError(
        absl::StrCat("somebody else writes to ", folder_));
  }
  PSM_RETURN_IF_ERROR(WritePartialTiles());
  PSM_RETURN_IF_ERROR(SyncAll());
  const std::string bytes = checkpoint.ToText();
  PSM_RETURN_IF_ERROR(WriteWholeFile(file, bytes, kPublic));
  published_bytes_ = bytes;
  published_ = checkpoint;
  return absl::OkStatus();
}

absl::Status TileFolder::WritePartialTiles() {
  const std::uint64_t before = published_.has_value() ? published_->size() : 0;
  for (const Tile& tile : ChangedTiles(before, size())) {
    if (tile.width == kTileWidth) continue;  // written when it filled
    PSM_RETURN_IF_ERROR(
        RemoveUnsigned(tile, TileAt(tile.level, tile.index, before).width));
    PSM_RETURN_IF_ERROR(WriteTile(
        tile, tile.level == kEntries
                  ? bundle_
                  : EncodeTile(edge_[static_cast<std::size_t>(tile.level)])));
  }
  return absl::OkStatus();
}

// A life that ended before its checkpoint may have left any width.
absl::Status TileFolder::RemoveUnsigned(Tile tile, int published) {
  const int wanted = tile.width;
  const std::string folder =
      FolderOf(absl::StrCat(folder_, "/", TilePath(tile)));
  if (known_folders_.count(folder) != 0) return absl::OkStatus();
  for (tile.width = published + 1; tile.width < kTileWidth; ++tile.width) {
    if (tile.width == wanted) continue;
    const std::string file = absl::StrCat(folder_, "/", TilePath(tile));
    if (unlink(file.c_str()) != 0 && errno != ENOENT)
      return Failed("remove", file);
  }
  return absl::OkStatus();
}

// Whatever partial ones there are of a tile whose full one the disk has.
absl::Status TileFolder::RemovePartialTiles() {
  for (const std::string& file : unsynced_files_) {
    if (absl::StrContains(absl::string_view(file).substr(folder_.size()),
                          ".p/"))
      continue;
    const std::string partial = absl::StrCat(file, ".p");
    std::error_code error;
    std::filesystem::remove_all(partial, error);
    if (error) {
      return absl::Status(
          absl::ErrnoToStatusCode(error.value()),
          absl::StrCat("cannot remove ", partial, ": ", error.message()));
    }
    known_folders_.erase(partial);
  }
  return absl::OkStatus();
}

absl::Status TileFolder::MakePublicFolder(const std::string& folder) {
  if (known_folders_.count(folder) != 0) return absl::OkStatus();
  if (folder != folder_)
    PSM_RETURN_IF_ERROR(MakePublicFolder(FolderOf(folder)));
  if (mkdir(folder.c_str(), kPublicFolder) == 0) {
    unsynced_folders_.insert(FolderOf(folder));
  } else if (errno != EEXIST) {
    return Failed("make the folder", folder);
  }
  if (chmod(folder.c_str(), kPublicFolder) != 0)  // whatever the umask
    return Failed("set the mode of", folder);
  known_folders_.insert(folder);
  return absl::OkStatus();
}

absl::Status TileFolder::SyncAll() {
  if (unsynced_files_.size() > kMostSyncedSingly) {
    PSM_RETURN_IF_ERROR(SyncFileSystemOf(folder_));
  } else {
    for (const std::string& file : unsynced_files_)
      PSM_RETURN_IF_ERROR(SyncFile(file));
    for (const std::string& folder : unsynced_folders_)
      PSM_RETURN_IF_ERROR(SyncFolder(folder));
  }
  PSM_RETURN_IF_ERROR(RemovePartialTiles());
  unsynced_files_.clear();
  unsynced_folders_.clear();
  return absl::OkStatus();
}

}  // namespace psm::tlog
