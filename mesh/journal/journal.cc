// Why a torn frame is told from a damaged one: each Append writes one frame and
// waits for the disk before the next begins. So what a crash tears is the last
// frame, and a frame that is not whole with a whole one behind it was whole
// once.
#include "mesh/journal/journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/descriptor.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/error.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/little_endian.h"

namespace psm {
namespace {

constexpr absl::string_view kFirstLine = "psm journal 1\n";
constexpr std::size_t kFrameHead = 8;              // bytes
constexpr std::size_t kMaxPayload = 64 << 20;      // bytes
constexpr std::size_t kReplacedFrame = 256 << 10;  // bytes, about

absl::Status Damaged(const std::string& file, std::uint64_t offset) {
  return MakeError(
      absl::StatusCode::kDataLoss, "JOURNAL_DAMAGED", Party::kGateway,
      absl::StrCat(file,
                   " is damaged; restore it, or remove it and have every "
                   "provider declare anew what it holds"),
      {{"offset", absl::StrCat(offset)}});
}

// The payload of the whole frame at `offset`; empty where there is none.
absl::string_view FrameAt(absl::string_view file, std::uint64_t offset) {
  if (file.size() - offset < kFrameHead) return {};
  const auto length = Get<std::uint32_t>(file, offset);
  if (length == 0 || length > kMaxPayload ||
      length > file.size() - offset - kFrameHead)
    return {};
  const absl::string_view payload = file.substr(offset + kFrameHead, length);
  return Get<std::uint32_t>(file, offset + 4) == Crc32c(payload)
             ? payload
             : absl::string_view();
}

bool HasFrameBehind(absl::string_view file, std::uint64_t offset) {
  for (++offset; offset + kFrameHead < file.size(); ++offset) {
    if (!FrameAt(file, offset).empty()) return true;
  }
  return false;
}

void AddEntry(absl::string_view entry, std::string& payload) {
  Put(static_cast<std::uint32_t>(entry.size()), payload);
  absl::StrAppend(&payload, entry);
}

std::string FrameOf(absl::string_view payload) {
  std::string frame;
  Put(static_cast<std::uint32_t>(payload.size()), frame);
  Put(Crc32c(payload), frame);
  absl::StrAppend(&frame, payload);
  return frame;
}

// Gives the entries of one payload; false where it is not made of entries.
absl::StatusOr<bool> TakeEntries(absl::string_view payload,
                                 Journal::Take take) {
  while (!payload.empty()) {
    if (payload.size() < 4) return false;
    const auto length = Get<std::uint32_t>(payload, 0);
    payload.remove_prefix(4);
    if (length > payload.size()) return false;
    PSM_RETURN_IF_ERROR(take(payload.substr(0, length)));
    payload.remove_prefix(length);
  }
  return true;
}

// Gives all entries of a file's bytes, and where the last whole frame ends.
absl::StatusOr<std::uint64_t> TakeAll(const std::string& name,
                                      absl::string_view file,
                                      Journal::Take take) {
  if (file.substr(0, kFirstLine.size()) != kFirstLine) return Damaged(name, 0);
  std::uint64_t offset = kFirstLine.size();
  while (offset < file.size()) {
    const absl::string_view payload = FrameAt(file, offset);
    if (payload.empty()) {
      if (HasFrameBehind(file, offset)) return Damaged(name, offset);
      break;
    }
    PSM_ASSIGN_OR_RETURN(const bool whole, TakeEntries(payload, take));
    if (!whole) return Damaged(name, offset);
    offset += kFrameHead + payload.size();
  }
  return offset;
}

absl::Status WriteAt(int fd, absl::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return absl::ErrnoToStatus(errno, "pwrite");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& file,
                                                       Take take) {
  absl::Status made = CreateWholeFile(file, kFirstLine, kPrivate);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  Descriptor fd(open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", file));
  const off_t size = lseek(fd.get(), 0, SEEK_END);
  if (size <= 0) return Damaged(file, 0);
  void* const bytes = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ,
                           MAP_PRIVATE, fd.get(), 0);
  if (bytes == MAP_FAILED)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot map ", file));
  absl::StatusOr<std::uint64_t> end =
      TakeAll(file,
              absl::string_view(static_cast<const char*>(bytes),
                                static_cast<std::size_t>(size)),
              take);
  munmap(bytes, static_cast<std::size_t>(size));
  if (!end.ok()) return end.status();
  if (*end < static_cast<std::uint64_t>(size)) {
    LogWarning(
        "journal_cut",
        {{"file", file},
         {"bytes", absl::StrCat(static_cast<std::uint64_t>(size) - *end)},
         {"because", "the last write did not come to its end"}});
    if (ftruncate(fd.get(), static_cast<off_t>(*end)) != 0 ||
        fdatasync(fd.get()) != 0)
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot cut ", file));
  }
  return std::unique_ptr<Journal>(new Journal(file, fd.Release(), *end));
}

Journal::~Journal() { close(fd_); }

absl::Status Journal::Replace(const std::string& file,
                              absl::FunctionRef<void(Put)> give) {
  const std::string partial = absl::StrCat(file, ".compacted");
  Descriptor fd(
      open(partial.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kPrivate));
  if (fd.get() < 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", partial));
  std::string payload;
  std::uint64_t end = 0;
  absl::Status status = WriteAt(fd.get(), kFirstLine, end);
  end += kFirstLine.size();
  const auto flush = [&] {
    if (!status.ok() || payload.empty()) return;
    const std::string frame = FrameOf(payload);
    status = WriteAt(fd.get(), frame, end);
    end += frame.size();
    payload.clear();
  };
  give([&](std::string entry) {
    AddEntry(entry, payload);
    if (payload.size() >= kReplacedFrame) flush();
  });
  flush();
  if (status.ok() && fsync(fd.get()) != 0)
    status = absl::ErrnoToStatus(errno, "fsync");
  if (status.ok() && std::rename(partial.c_str(), file.c_str()) != 0)
    status = absl::ErrnoToStatus(errno, "rename");
  if (!status.ok()) {
    unlink(partial.c_str());
    return absl::Status(status.code(), absl::StrCat("cannot write ", partial,
                                                    ": ", status.message()));
  }
  return SyncFolder(FolderOf(file));
}

absl::Status Journal::Append(absl::Span<const std::string> entries) {
  if (broken_)
    return absl::InternalError(
        absl::StrCat(file_, " could not be synced; restart"));
  std::string payload;
  for (const std::string& entry : entries) AddEntry(entry, payload);
  if (payload.empty()) return absl::OkStatus();
  if (payload.size() > kMaxPayload)
    return absl::InvalidArgumentError("more than 64 MiB at once");
  const std::string frame = FrameOf(payload);
  if (absl::Status written = WriteAt(fd_, frame, end_); !written.ok()) {
    // What has come to the file is behind its end, and the next frame is
    // written over it; a start before that cuts it off.
    if (ftruncate(fd_, static_cast<off_t>(end_)) != 0) broken_ = true;
    return written;
  }
  if (fdatasync(fd_) != 0) {
    const int error = errno;
    broken_ = true;
    return absl::ErrnoToStatus(error, "fdatasync");
  }
  end_ += frame.size();
  return absl::OkStatus();
}

}  // namespace psm
