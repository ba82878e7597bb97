#include "mesh/records/posix_segment_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"

namespace psm {
namespace {

constexpr absl::string_view kPrefix = "segment-";
constexpr absl::string_view kUnfinished = ".new";
constexpr std::size_t kZerosBytes = std::size_t{1} << 20;

class PosixSegmentFile : public SegmentFile {
 public:
  explicit PosixSegmentFile(int fd) : fd_(fd) {}
  ~PosixSegmentFile() override { close(fd_); }

  absl::Status Write(std::uint64_t offset, absl::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t n =
          pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return absl::ErrnoToStatus(errno, "cannot write a segment");
      offset += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    // Not repeated after EINTR or anything else: an error once told is
    // forgotten by the kernel, and the next call would lie.
    if (fdatasync(fd_) != 0) {
      return absl::ErrnoToStatus(errno, "cannot sync a segment");
    }
    // The disk has it, and nobody will ever find it.
    struct stat info = {};
    if (fstat(fd_, &info) != 0 || info.st_nlink == 0) {
      return absl::DataLossError(
          "a segment was removed while it was written: restore the folder");
    }
    return absl::OkStatus();
  }

  absl::Status Truncate(std::uint64_t size) override {
    if (ftruncate(fd_, static_cast<off_t>(size)) != 0) {
      return absl::ErrnoToStatus(errno, "cannot cut a segment");
    }
    return Sync();
  }

  absl::StatusOr<std::string> Read(std::uint64_t offset,
                                   std::size_t size) override {
    std::string bytes(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      ssize_t n = pread(fd_, bytes.data() + got, size - got,
                        static_cast<off_t>(offset + got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return absl::ErrnoToStatus(errno, "cannot read a segment");
      if (n == 0) break;
      got += static_cast<std::size_t>(n);
    }
    bytes.resize(got);
    return bytes;
  }

  void Announce(std::uint64_t offset, std::size_t size) override {
    posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(size),
                  POSIX_FADV_WILLNEED);
  }

 private:
  const int fd_;
};

// Reserves the blocks first, so that a full disk says so before anything is
// written, then writes zeros: a block that is only reserved would cost a
// change of the file's map at its first commit.
absl::Status Fill(SegmentFile& file, int fd, std::uint64_t bytes) {
  int error = posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  if (error != 0) return absl::ErrnoToStatus(error, "cannot make a segment");
  const std::string zeros(kZerosBytes, '\0');
  for (std::uint64_t done = 0; done < bytes; done += zeros.size()) {
    absl::string_view part = zeros;
    PSM_RETURN_IF_ERROR(file.Write(
        done, part.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                                 zeros.size(), bytes - done)))));
  }
  return file.Sync();
}

}  // namespace

absl::StatusOr<std::unique_ptr<PosixSegmentFolder>>
PosixSegmentFolder::OpenToWrite(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, "cannot make the folder of the records");
  }
  const std::string lock = absl::StrCat(path, "/lock");
  int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::ErrnoToStatus(errno,
                               "the folder of the records is not "
                               "writable: grant the rights");
  }
  // Now the object owns the descriptor.
  std::unique_ptr<PosixSegmentFolder> folder(new PosixSegmentFolder(path, fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return absl::ErrnoToStatus(errno, "cannot lock the records");
    }
    return MakeError(absl::StatusCode::kFailedPrecondition, "RECORDS_IN_USE",
                     Party::kGateway,
                     "another process holds these records: stop it, or use "
                     "another folder");
  }
  // A segment gets its name when it is complete; what has none yet is debris.
  if (DIR* dir = opendir(path.c_str()); dir != nullptr) {
    while (const dirent* entry = readdir(dir)) {
      if (absl::StartsWith(entry->d_name, kPrefix) &&
          absl::EndsWith(entry->d_name, kUnfinished)) {
        unlinkat(dirfd(dir), entry->d_name, 0);
      }
    }
    closedir(dir);
  }
  return folder;
}

std::unique_ptr<PosixSegmentFolder> PosixSegmentFolder::OpenToRead(
    const std::string& path) {
  return std::unique_ptr<PosixSegmentFolder>(new PosixSegmentFolder(path, -1));
}

PosixSegmentFolder::~PosixSegmentFolder() {
  if (lock_fd_ >= 0) close(lock_fd_);  // gives the lock back
}

std::string PosixSegmentFolder::FileOf(std::uint64_t number) const {
  return absl::StrFormat("%s/%s%012d", path_, kPrefix, number);
}

absl::Status PosixSegmentFolder::RefuseUnlessWriter() const {
  if (lock_fd_ >= 0) return absl::OkStatus();
  return absl::FailedPreconditionError("the records are open for reading only");
}

absl::StatusOr<std::vector<SegmentEntry>> PosixSegmentFolder::List() {
  DIR* dir = opendir(path_.c_str());
  if (dir == nullptr) {
    return absl::ErrnoToStatus(errno, "cannot open the folder of the records");
  }
  std::vector<SegmentEntry> entries;
  while (const dirent* entry = readdir(dir)) {
    absl::string_view name = entry->d_name;
    std::uint64_t number = 0;
    struct stat info;
    if (!absl::StartsWith(name, kPrefix) ||
        !absl::SimpleAtoi(name.substr(kPrefix.size()), &number) ||
        number == 0 || fstatat(dirfd(dir), entry->d_name, &info, 0) != 0) {
      continue;  // not a segment, or gone since
    }
    entries.push_back({number, static_cast<std::uint64_t>(info.st_size)});
  }
  closedir(dir);
  std::sort(entries.begin(), entries.end(),
            [](const SegmentEntry& a, const SegmentEntry& b) {
              return a.number < b.number;
            });
  return entries;
}

absl::StatusOr<std::unique_ptr<SegmentFile>> PosixSegmentFolder::Create(
    std::uint64_t number, std::uint64_t bytes) {
  PSM_RETURN_IF_ERROR(RefuseUnlessWriter());
  const std::string name = FileOf(number);
  const std::string unfinished = absl::StrCat(name, kUnfinished);
  int fd =
      open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot make a segment");
  auto file = std::make_unique<PosixSegmentFile>(fd);
  absl::Status status = Fill(*file, fd, bytes);
  if (status.ok() && rename(unfinished.c_str(), name.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, "cannot name a segment");
  }
  if (status.ok()) status = SyncFolder(path_);
  if (!status.ok()) {
    unlink(unfinished.c_str());  // gives the space back
    unlink(name.c_str());
    return status;
  }
  return file;
}

absl::StatusOr<std::unique_ptr<SegmentFile>> PosixSegmentFolder::Open(
    std::uint64_t number) {
  int fd = open(FileOf(number).c_str(),
                (lock_fd_ >= 0 ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot open a segment");
  return std::make_unique<PosixSegmentFile>(fd);
}

absl::Status PosixSegmentFolder::Rename(std::uint64_t from, std::uint64_t to) {
  PSM_RETURN_IF_ERROR(RefuseUnlessWriter());
  if (rename(FileOf(from).c_str(), FileOf(to).c_str()) != 0) {
    return absl::ErrnoToStatus(errno, "cannot recycle a segment");
  }
  return SyncFolder(path_);
}

absl::Status PosixSegmentFolder::Remove(std::uint64_t number) {
  PSM_RETURN_IF_ERROR(RefuseUnlessWriter());
  if (unlink(FileOf(number).c_str()) != 0) {
    return absl::ErrnoToStatus(errno, "cannot remove a segment");
  }
  return SyncFolder(path_);
}

}  // namespace psm
