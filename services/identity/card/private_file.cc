#include "services/identity/card/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

namespace psm::card {
namespace {

absl::Status Failed(absl::string_view what, const std::string& file) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", file));
}

// Writes all of `bytes` and makes them durable.
bool WriteDurably(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(fd) == 0;
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("cannot open folder", folder);
  const bool synced = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  return synced ? absl::OkStatus() : Failed("cannot sync folder", folder);
}

}  // namespace

std::string FolderOf(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

absl::Status WritePrivateFile(const std::string& file,
                              absl::string_view bytes) {
  std::string temporary = absl::StrCat(file, ".XXXXXX");
  // mkostemp makes the file with mode 0600, whatever the umask.
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return Failed("cannot create a file beside", file);
  const bool written = WriteDurably(fd, bytes);
  const int error = errno;
  close(fd);
  errno = error;
  if (!written || rename(temporary.c_str(), file.c_str()) != 0) {
    absl::Status failure = Failed("cannot write", file);
    unlink(temporary.c_str());
    return failure;
  }
  // The new name must survive a power cut as well as the bytes.
  return SyncFolder(FolderOf(file));
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("cannot open", file);
  struct stat info;
  if (fstat(fd, &info) == 0 && (info.st_mode & 077) != 0) {
    close(fd);
    return absl::FailedPreconditionError(
        absl::StrCat("others may access ", file, ": set its mode to 0600"));
  }
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      absl::Status failure = Failed("cannot read", file);
      close(fd);
      return failure;
    }
    if (got == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return bytes;
}

absl::StatusOr<FolderLock> FolderLock::Take(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("cannot open folder", folder);
  while (flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    absl::Status failure = Failed("cannot lock folder", folder);
    close(fd);
    return failure;
  }
  return FolderLock(fd);
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FolderLock::~FolderLock() {
  if (fd_ >= 0) close(fd_);  // releases the lock
}

}  // namespace psm::card
