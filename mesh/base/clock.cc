#include "mesh/base/clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace psm {

absl::Time SystemClock::Now() const { return absl::Now(); }

absl::Duration SystemClock::Monotonic() const {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

absl::StatusOr<std::unique_ptr<SharedOffsetClock>> SharedOffsetClock::Open(
    const std::string& file) {
  int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot open clock file ", file));
  struct stat info;
  void* page = MAP_FAILED;
  bool sized = fstat(fd, &info) == 0 &&
               (info.st_size >= static_cast<off_t>(sizeof(std::int64_t)) ||
                ftruncate(fd, sizeof(std::int64_t)) == 0);
  if (sized)
    page = mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE,
                MAP_SHARED, fd, 0);
  int error = errno;
  close(fd);
  if (page == MAP_FAILED)
    return absl::ErrnoToStatus(error,
                               absl::StrCat("cannot map clock file ", file));
  return std::unique_ptr<SharedOffsetClock>(
      new SharedOffsetClock(static_cast<std::int64_t*>(page)));
}

SharedOffsetClock::~SharedOffsetClock() {
  munmap(offset_, sizeof(std::int64_t));
}

absl::Time SharedOffsetClock::Now() const {
  return SystemClock::Now() + absl::Nanoseconds(std::atomic_ref(*offset_).load(
                                  std::memory_order_relaxed));
}

void SharedOffsetClock::SetOffset(absl::Duration offset) {
  std::atomic_ref(*offset_).store(absl::ToInt64Nanoseconds(offset),
                                  std::memory_order_relaxed);
}

absl::StatusOr<std::unique_ptr<Clock>> ClockFromEnvironment() {
  const char* file = std::getenv("PSM_CLOCK_FILE");
  if (file == nullptr || *file == '\0') return std::make_unique<SystemClock>();
  return SharedOffsetClock::Open(file);
}

}  // namespace psm
