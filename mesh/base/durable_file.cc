// A file is written beside its place (the draft) and then named. What keeps
// that sound between writers and after crashes:
//
// - Only who holds the lock on the draft's inode changes it or its name. The
//   kernel gives the lock back when a writer dies.
// - The draft's name is always the same, so what a crash leaves behind is gone
//   with the next writer, and keys do not pile up under other names.
// - A draft with a second name is never written to: CreateWholeFile links the
//   draft to its place, and a crash then leaves one file under both names.
#include "mesh/base/durable_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

absl::string_view AdviceOn(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; let this user write there";
    case EDQUOT:
    case EFBIG:
    case ENOSPC:
      return "; make room for it";
    case EISDIR:
    case ELOOP:
      return "; remove what lies there";
    case ENOENT:
      return "; make its folder first";
    case ENOTDIR:
      return "; a part of its path is a file";
    case EROFS:
      return "; choose a folder on a disk that can be written";
    default:
      return "";
  }
}

// Of errno.
absl::Status Failed(absl::string_view what, const std::string& path,
                    absl::string_view advice = "") {
  const int error = errno;
  return absl::Status(
      absl::ErrnoToStatusCode(error),
      absl::StrCat("cannot ", what, " ", path, ": ",
                   std::generic_category().message(error), advice));
}

absl::Status Unwritten(absl::string_view what, const std::string& path) {
  return Failed(what, path, AdviceOn(errno));
}

absl::Status WriteAll(int fd, absl::string_view bytes,
                      const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0) {
      if (errno == EINTR) continue;
      return Unwritten("write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return absl::OkStatus();
}

// Opens the draft for this writer alone: no other writer has it until the
// descriptor is closed. What an earlier writer left in it is still there.
absl::StatusOr<int> LockDraft(const std::string& draft) {
  while (true) {
    const int fd = open(draft.c_str(),
                        O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kPrivate);
    if (fd < 0) return Unwritten("make", draft);
    absl::Cleanup closing = [fd] { close(fd); };
    while (flock(fd, LOCK_EX) != 0) {
      if (errno != EINTR) return Failed("lock", draft);
    }
    // The writer before may have renamed or removed what was opened here.
    struct stat locked, named;
    if (fstat(fd, &locked) != 0) return Failed("look at", draft);
    if (lstat(draft.c_str(), &named) != 0 || locked.st_dev != named.st_dev ||
        locked.st_ino != named.st_ino) {
      continue;
    }
    if (locked.st_nlink == 1) {
      std::move(closing).Cancel();
      return fd;
    }
    if (unlink(draft.c_str()) != 0) return Unwritten("remove", draft);
  }
}

absl::Status Fill(int fd, const std::string& draft, absl::string_view bytes,
                  mode_t mode, Outlives outlives) {
  if (ftruncate(fd, 0) != 0) return Unwritten("empty", draft);
  // Before the contents: neither an older draft nor the umask decides the mode.
  if (fchmod(fd, mode) != 0) return Unwritten("set the mode of", draft);
  PSM_RETURN_IF_ERROR(WriteAll(fd, bytes, draft));
  if (outlives == Outlives::kPowerCut && fsync(fd) != 0)
    return Failed("sync", draft);
  return absl::OkStatus();
}

// rename(2) or link(2): puts the first name's file under the second.
using Naming = int (*)(const char*, const char*);

absl::Status Write(const std::string& file, absl::string_view bytes,
                   mode_t mode, Outlives outlives, Naming name) {
  const std::string draft = absl::StrCat(file, ".partial");
  PSM_ASSIGN_OR_RETURN(const int fd, LockDraft(draft));
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  absl::Status status = Fill(fd, draft, bytes, mode, outlives);
  if (status.ok() && name(draft.c_str(), file.c_str()) != 0)
    status = Unwritten("write", file);
  // Before the lock is given back; after a rename there is none to remove.
  if (!status.ok() || name == link) unlink(draft.c_str());
  if (status.ok() && outlives == Outlives::kPowerCut)
    status = SyncFolder(FolderOf(file));
  return status;
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

absl::Status WriteWholeFile(const std::string& file, absl::string_view bytes,
                            mode_t mode, Outlives outlives) {
  return Write(file, bytes, mode, outlives, rename);
}

absl::Status CreateWholeFile(const std::string& file, absl::string_view bytes,
                             mode_t mode) {
  return Write(file, bytes, mode, Outlives::kPowerCut, link);
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

absl::Status MakeFolder(const std::string& folder, Outlives outlives) {
  int made = mkdir(folder.c_str(), 0700);
  if (made != 0 && errno == ENOENT && folder.find('/') != std::string::npos) {
    PSM_RETURN_IF_ERROR(MakeFolder(FolderOf(folder), outlives));
    made = mkdir(folder.c_str(), 0700);
  }
  if (made == 0) {
    return outlives == Outlives::kPowerCut ? SyncFolder(FolderOf(folder))
                                           : absl::OkStatus();
  }
  struct stat status;
  if (errno == EEXIST && stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::OkStatus();
    errno = ENOTDIR;
  }
  // Its folder is there by now, so that is not what to mend.
  return Failed("make the folder", folder,
                errno == ENOENT ? "" : AdviceOn(errno));
}

absl::Status RemoveFile(const std::string& file) {
  if (unlink(file.c_str()) == 0) return SyncFolder(FolderOf(file));
  if (errno == ENOENT) return absl::OkStatus();
  return Unwritten("remove", file);
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open", folder);
  const auto closing = absl::MakeCleanup([fd] { close(fd); });
  if (fsync(fd) != 0) return Failed("sync", folder);
  return absl::OkStatus();
}

std::string FolderOf(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

}  // namespace psm
