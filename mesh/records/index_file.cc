#include "mesh/records/index_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace psm {

absl::StatusOr<std::unique_ptr<IndexFile>> IndexFile::Create(
    const std::string& name) {
  const int fd =
      open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot make a run");
  return std::unique_ptr<IndexFile>(new IndexFile(fd));
}

absl::StatusOr<std::unique_ptr<IndexFile>> IndexFile::Open(
    const std::string& name) {
  const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot open a run");
  return std::unique_ptr<IndexFile>(new IndexFile(fd));
}

IndexFile::~IndexFile() { close(fd_); }

absl::Status IndexFile::Write(std::uint64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n =
        pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "cannot write a run");
    offset += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status IndexFile::Sync() {
  if (fdatasync(fd_) != 0) {
    return absl::ErrnoToStatus(errno, "cannot sync a run");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> IndexFile::Read(std::uint64_t offset,
                                            std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = pread(fd_, bytes.data() + got, size - got,
                            static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "cannot read a run");
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

absl::StatusOr<std::uint64_t> IndexFile::Size() const {
  struct stat info = {};
  if (fstat(fd_, &info) != 0) {
    return absl::ErrnoToStatus(errno, "cannot look at a run");
  }
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace psm
