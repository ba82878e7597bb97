#include "mesh/cli/follow_file.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace psm {

absl::Status FollowFile(const std::string& file, const std::atomic<bool>& stop,
                        absl::FunctionRef<void(absl::string_view line)> take) {
  const int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  const std::string folder = file.substr(0, file.rfind('/'));
  if (notify < 0 ||
      inotify_add_watch(notify, folder.c_str(), IN_MODIFY | IN_CREATE) < 0) {
    const int error = errno;
    if (notify >= 0) close(notify);
    return absl::ErrnoToStatus(error, absl::StrCat("cannot watch ", folder));
  }
  std::ifstream in(file, std::ios::ate);
  std::string partial;
  while (!stop) {
    if (!in.is_open()) in.open(file);
    char block[8192];
    in.clear();
    while (in.is_open() && (in.read(block, sizeof(block)), in.gcount() > 0)) {
      partial.append(block, static_cast<std::size_t>(in.gcount()));
      in.clear();
    }
    std::size_t start = 0;
    for (std::size_t end;
         (end = partial.find('\n', start)) != std::string::npos;
         start = end + 1) {
      take(absl::string_view(partial).substr(start, end - start));
    }
    partial.erase(0, start);
    pollfd changed{notify, POLLIN, 0};
    poll(&changed, 1, 1000);
    char drained[4096];
    while (read(notify, drained, sizeof(drained)) > 0) {
    }
  }
  close(notify);
  return absl::OkStatus();
}

}  // namespace psm
