#include "certs/durable_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm::pki {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", path));
}

// "a/b" for "a/b/c"; "." for "c"; "/" for "/c".
std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Makes the names in a folder durable: files made, renamed and removed.
absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  if (fsync(fd) != 0) return Failed("sync", folder);
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, absl::string_view bytes,
                      const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0) {
      if (errno == EINTR) continue;
      return Failed("write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return absl::OkStatus();
}

// Writes a whole file beside its place. The name is always the same, so what a
// crash leaves behind is overwritten by the next writer.
absl::Status WriteBeside(const std::string& path, absl::string_view bytes,
                         mode_t mode) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
           kPrivate);
  if (fd < 0) return Failed("make", path);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  // Before the contents: neither an older file nor the umask decides the mode.
  if (fchmod(fd, mode) != 0) return Failed("set the mode of", path);
  PSM_RETURN_IF_ERROR(WriteAll(fd, bytes, path));
  if (fsync(fd) != 0) return Failed("sync", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& file) {
  std::string contents;
  std::array<char, 8192> block;
  const auto wiping = absl::MakeCleanup(
      [&block] { OPENSSL_cleanse(block.data(), block.size()); });
  while (true) {
    const ssize_t size = read(fd, block.data(), block.size());
    if (size == 0) return contents;
    if (size > 0) {
      contents.append(block.data(), static_cast<std::size_t>(size));
    } else if (errno != EINTR) {
      return Failed("read", file);
    }
  }
}

}  // namespace

absl::Status WriteDurably(const std::string& file, absl::string_view bytes,
                          mode_t mode) {
  const std::string partial = absl::StrCat(file, ".partial");
  PSM_RETURN_IF_ERROR(WriteBeside(partial, bytes, mode));
  if (rename(partial.c_str(), file.c_str()) != 0) return Failed("make", file);
  return SyncFolder(FolderOf(file));
}

absl::StatusOr<std::string> ReadFile(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", file);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  return ReadAll(fd, file);
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", file);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  struct stat status;
  if (fstat(fd, &status) != 0) return Failed("look at", file);
  if ((status.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "others may read or write ", file, "; run: chmod 600 ", file));
  }
  return ReadAll(fd, file);
}

absl::Status MakeFolder(const std::string& folder) {
  int made = mkdir(folder.c_str(), 0700);
  if (made != 0 && errno == ENOENT && folder.find('/') != std::string::npos) {
    PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(folder)));
    made = mkdir(folder.c_str(), 0700);
  }
  if (made == 0) return SyncFolder(FolderOf(folder));
  struct stat status;
  if (errno == EEXIST && stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::OkStatus();
    errno = ENOTDIR;
  }
  return Failed("make the folder", folder);
}

absl::Status RemoveFile(const std::string& file) {
  if (unlink(file.c_str()) == 0) return SyncFolder(FolderOf(file));
  if (errno == ENOENT) return absl::OkStatus();
  return Failed("remove", file);
}

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(
    const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder);
  while (flock(fd, LOCK_EX) != 0) {
    if (errno != EINTR) {
      absl::Status status = Failed("lock", folder);
      close(fd);
      return status;
    }
  }
  return std::unique_ptr<FolderLock>(new FolderLock(fd));
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace psm::pki
