// Lines, because a torn one costs itself and nothing else: whoever writes next
// begins on a line of its own, and a reader finds the next end of a line. Each
// is
//
//   line = crc:8 hex digits, CRC32C of what follows the space; " ";
//          base64 of a serialised psm.records.v1.SideEntry; LF
//
// Writers of several processes hold flock on the newest file while they write.
// Nothing is waited for on the disk: an agency's process may die at any time
// and the kernel has the line. ReceiptProver calls Sync before it says that
// anything is proved.
#include "mesh/records/side_ledger.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/crypto/digest.h"
#include "mesh/records/timestamp.h"

namespace psm {
namespace {

using records::v1::SideEntry;

constexpr absl::string_view kPrefix = "side-";
constexpr std::size_t kChecksumDigits = 8;
// A reader takes at most so much at once; no line is near as long.
constexpr std::size_t kReadBytes = std::size_t{4} << 20;

absl::Status FailedTo(absl::string_view what, const std::string& file) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", file));
}

std::string FileOf(const std::string& folder, std::uint64_t number) {
  return absl::StrFormat("%s/%s%012d", folder, std::string(kPrefix), number);
}

// Numbers of a ledger's files, sorted.
absl::StatusOr<std::vector<std::uint64_t>> FilesOf(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) {
    if (errno == ENOENT) return numbers;
    return FailedTo("read", folder);
  }
  while (const dirent* entry = readdir(dir)) {
    const absl::string_view name = entry->d_name;
    std::uint64_t number = 0;
    if (absl::StartsWith(name, kPrefix) &&
        absl::SimpleAtoi(name.substr(kPrefix.size()), &number)) {
      numbers.push_back(number);
    }
  }
  closedir(dir);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

bool ParseLine(absl::string_view line, SideEntry& entry) {
  if (line.size() <= kChecksumDigits + 1 || line[kChecksumDigits] != ' ')
    return false;
  const absl::string_view text = line.substr(kChecksumDigits + 1);
  if (absl::StrFormat("%08x", Crc32c(text)) != line.substr(0, kChecksumDigits))
    return false;
  std::string bytes;
  return absl::Base64Unescape(text, &bytes) && entry.ParseFromString(bytes);
}

// Up to kReadBytes of a file from `offset` on. NOT_FOUND where it is gone.
absl::StatusOr<std::string> ReadSome(const std::string& file,
                                     std::uint64_t offset) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FailedTo("open", file);
  struct stat status;
  std::size_t want = 0;
  if (fstat(fd, &status) == 0 &&
      static_cast<std::uint64_t>(status.st_size) > offset) {
    want = std::min(kReadBytes,
                    static_cast<std::size_t>(
                        static_cast<std::uint64_t>(status.st_size) - offset));
  }
  std::string bytes(want, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = pread(fd, bytes.data() + have, bytes.size() - have,
                              static_cast<off_t>(offset + have));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      const absl::Status failed = FailedTo("read", file);
      close(fd);
      return failed;
    }
    have += static_cast<std::size_t>(got);
  }
  close(fd);
  bytes.resize(have);
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SideLedger>> SideLedger::Open(
    SideLedgerOptions options, const Clock& clock) {
  PSM_RETURN_IF_ERROR(MakeFolder(options.folder, Outlives::kProcess));
  std::unique_ptr<SideLedger> ledger(new SideLedger(std::move(options), clock));
  PSM_RETURN_IF_ERROR(ledger->Start());
  return ledger;
}

absl::Status SideLedger::Start() {
  MutexLock lock(mu_);
  PSM_RETURN_IF_ERROR(OpenNewest(0));
  flock(fd_, LOCK_UN);
  return absl::OkStatus();
}

SideLedger::~SideLedger() {
  if (fd_ >= 0) close(fd_);
}

absl::Status SideLedger::OpenNewest(std::size_t more) {
  for (;;) {
    if (fd_ < 0) {
      PSM_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> files,
                           FilesOf(options_.folder));
      if (files.empty()) {
        PSM_RETURN_IF_ERROR(Begin(1, false));
        continue;
      }
      number_ = files.back();
      fd_ = open(FileOf(options_.folder, number_).c_str(),
                 O_RDWR | O_APPEND | O_CLOEXEC);
      if (fd_ < 0) return FailedTo("open", FileOf(options_.folder, number_));
    }
    while (flock(fd_, LOCK_EX) != 0) {
      if (errno != EINTR) return FailedTo("lock", options_.folder);
    }
    // Another writer may have gone on to the next, or somebody removed it all.
    struct stat status;
    const bool newest =
        access(FileOf(options_.folder, number_ + 1).c_str(), F_OK) != 0 &&
        fstat(fd_, &status) == 0 && status.st_nlink != 0;
    if (newest && (more == 0 || status.st_size == 0 ||
                   static_cast<std::uint64_t>(status.st_size) + more <=
                       options_.file_bytes)) {
      return absl::OkStatus();
    }
    if (newest) {
      fdatasync(fd_);  // Sync looks at the newest alone
      const absl::Status next = Begin(number_ + 1, true);
      if (!next.ok()) {
        flock(fd_, LOCK_UN);
        return next;
      }
    }
    close(fd_);  // unlocks, too
    fd_ = -1;
  }
}

// Makes a file and removes the oldest beyond the bound. A ledger that begins
// with it says since when it has everything; where the oldest files are gone,
// the first entry that is left says it.
absl::Status SideLedger::Begin(std::uint64_t number, bool again) {
  PSM_RETURN_IF_ERROR(MakeFolder(options_.folder, Outlives::kProcess));
  const std::string file = FileOf(options_.folder, number);
  const int fd = open(file.c_str(),
                      O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno == EEXIST) return absl::OkStatus();
    return FailedTo("make", file);
  }
  if (!again) {
    SideEntry begun;
    begun.set_kind(SideEntry::BEGUN);
    const std::string line = LinesOf({begun});
    const ssize_t written = write(fd, line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) {
      const absl::Status failed = FailedTo("write to", file);
      unlink(file.c_str());
      close(fd);
      return failed;
    }
  }
  close(fd);
  PSM_ASSIGN_OR_RETURN(std::vector<std::uint64_t> files,
                       FilesOf(options_.folder));
  for (std::size_t i = 0; i + options_.max_files < files.size(); ++i) {
    unlink(FileOf(options_.folder, files[i]).c_str());
    LogInfo("side_file_dropped", {{"file", FileOf(options_.folder, files[i])}});
  }
  return absl::OkStatus();
}

std::string SideLedger::LinesOf(absl::Span<const SideEntry> entries) const {
  std::string lines;
  const absl::Time now = clock_.Now();
  for (const SideEntry& entry : entries) {
    SideEntry timed;
    const SideEntry* whole = &entry;
    if (!entry.has_time()) {
      timed = entry;
      SetTimestamp(now, timed.mutable_time());
      whole = &timed;
    }
    const std::string text = absl::Base64Escape(whole->SerializeAsString());
    absl::StrAppendFormat(&lines, "%08x %s\n", Crc32c(text), text);
  }
  return lines;
}

absl::Status SideLedger::Write(const std::string& lines) {
  const std::string file = FileOf(options_.folder, number_);
  struct stat status;
  if (fstat(fd_, &status) != 0) return FailedTo("look at", file);
  std::string torn;
  char last = '\n';
  if (status.st_size > 0 && pread(fd_, &last, 1, status.st_size - 1) == 1 &&
      last != '\n') {
    torn = absl::StrCat("\n", lines);
  }
  const std::string& bytes = torn.empty() ? lines : torn;
  ssize_t written;
  do {
    written = write(fd_, bytes.data(), bytes.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(bytes.size())) return absl::OkStatus();
  if (written >= 0) errno = ENOSPC;
  const absl::Status failed = FailedTo("write to", file);
  // Where this fails, too, the next line begins on a line of its own.
  (void)!ftruncate(fd_, status.st_size);
  return failed;
}

absl::Status SideLedger::Keep(absl::Span<const SideEntry> entries) {
  if (entries.empty()) return absl::OkStatus();
  const std::string lines = LinesOf(entries);
  MutexLock lock(mu_);
  PSM_RETURN_IF_ERROR(OpenNewest(lines.size()));
  const absl::Status written = Write(lines);
  flock(fd_, LOCK_UN);
  return written;
}

void SideLedger::KeepOrSay(absl::Span<const SideEntry> entries) {
  const absl::Status kept = Keep(entries);
  bool changed;
  {
    MutexLock lock(mu_);
    changed = failed_ == kept.ok();
    failed_ = !kept.ok();
  }
  if (!changed) return;
  if (kept.ok()) {
    LogInfo("side_kept_again");
  } else {
    LogError("side_not_kept", {{"error", std::string(kept.message())}});
  }
}

absl::Status SideLedger::Sync() {
  int fd;
  {
    MutexLock lock(mu_);
    if (fd_ < 0) return absl::OkStatus();
    fd = dup(fd_);  // so that nobody who has an answer waits for the disk
  }
  if (fd < 0) return FailedTo("open", options_.folder);
  const int result = fdatasync(fd);
  const absl::Status synced =
      result == 0 ? absl::OkStatus() : FailedTo("sync", options_.folder);
  close(fd);
  return synced;
}

absl::StatusOr<SidePosition> ReadSide(
    const std::string& folder, SidePosition from,
    absl::FunctionRef<bool(const SideEntry& entry, const SidePosition& behind)>
        visit,
    std::uint64_t* not_whole) {
  PSM_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> files, FilesOf(folder));
  SidePosition at = from;
  for (const std::uint64_t number : files) {
    if (number < at.file) continue;
    if (number > at.file) at = {number, 0};
    for (;;) {
      absl::StatusOr<std::string> bytes =
          ReadSome(FileOf(folder, number), at.offset);
      if (absl::IsNotFound(bytes.status())) break;  // just dropped
      PSM_RETURN_IF_ERROR(bytes.status());
      std::size_t begin = 0;
      for (;;) {
        const std::size_t end = bytes->find('\n', begin);
        if (end == std::string::npos) break;
        const absl::string_view line =
            absl::string_view(*bytes).substr(begin, end - begin);
        SidePosition behind = at;
        behind.offset += end + 1 - begin;
        SideEntry entry;
        const bool whole = ParseLine(line, entry);
        if (!whole && !line.empty() && not_whole != nullptr) ++*not_whole;
        if (whole && !visit(entry, behind)) return behind;
        at = behind;
        begin = end + 1;
      }
      if (begin == 0) break;  // the end, or a line that is being written
    }
  }
  return at;
}

absl::StatusOr<std::uint64_t> OldestSideFile(const std::string& folder) {
  PSM_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> files, FilesOf(folder));
  return files.empty() ? 0 : files.front();
}

}  // namespace psm
