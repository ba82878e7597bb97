#include "mesh/records/space_quota.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace psm {

absl::Status SpaceQuota::Admit(std::uint64_t more) {
  MutexLock lock(mu_);
  std::uint64_t limit = max_bytes_ == 0 ? UINT64_MAX : max_bytes_;
  int fd = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    char text[32];
    ssize_t size = read(fd, text, sizeof(text));
    close(fd);
    std::uint64_t number = 0;
    if (size > 0 &&
        absl::SimpleAtoi(absl::StripAsciiWhitespace(absl::string_view(
                             text, static_cast<std::size_t>(size))),
                         &number)) {
      last_ = number;
    }
    limit = last_;
  } else {
    last_ = UINT64_MAX;
  }
  if (used_ <= limit && more <= limit - used_) return absl::OkStatus();
  return absl::ErrnoToStatus(ENOSPC, "the quota of the records is used up");
}

void SpaceQuota::Use(std::uint64_t more) {
  MutexLock lock(mu_);
  used_ += more;
}

void SpaceQuota::GiveBack(std::uint64_t bytes) {
  MutexLock lock(mu_);
  used_ -= std::min(used_, bytes);
}

}  // namespace psm
