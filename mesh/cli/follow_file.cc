#include "mesh/cli/follow_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"

namespace psm {
namespace {

// One file, from a place in it to its end as it moves on.
class Tail {
 public:
  Tail(std::string path, bool from_end) : path_(std::move(path)) {
    Open();
    if (fd_ >= 0 && from_end) lseek(fd_, 0, SEEK_END);
  }
  ~Tail() { Close(); }
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  void TakeNew(absl::FunctionRef<void(absl::string_view line)> take) {
    Read(take);
    if (!IsAnotherFile()) return;
    Close();
    Open();
    partial_.clear();
    Read(take);
  }

 private:
  void Open() { fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  // Not there before, another one by that name, or shorter than what was read.
  bool IsAnotherFile() const {
    struct stat named = {};
    if (stat(path_.c_str(), &named) != 0) return false;
    struct stat opened = {};
    return fd_ < 0 || fstat(fd_, &opened) != 0 ||
           opened.st_ino != named.st_ino ||
           named.st_size < lseek(fd_, 0, SEEK_CUR);
  }
  void Read(absl::FunctionRef<void(absl::string_view line)> take) {
    if (fd_ < 0) return;
    char block[8192];
    for (ssize_t got; (got = read(fd_, block, sizeof(block))) > 0;)
      partial_.append(block, static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t end;
         (end = partial_.find('\n', start)) != std::string::npos;
         start = end + 1) {
      take(absl::string_view(partial_).substr(start, end - start));
    }
    partial_.erase(0, start);
  }

  const std::string path_;
  int fd_ = -1;
  std::string partial_;  // of a line that has not ended yet
};

}  // namespace

absl::Status FollowFiles(
    const std::vector<std::string>& files, const std::atomic<bool>& stop,
    absl::FunctionRef<void(std::size_t file, absl::string_view line)> take) {
  const int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  std::vector<std::unique_ptr<Tail>> tails;
  for (const std::string& file : files) {
    const std::string folder = file.substr(0, file.rfind('/'));
    if (notify < 0 ||
        inotify_add_watch(notify, folder.c_str(),
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
      const int error = errno;
      if (notify >= 0) close(notify);
      return absl::ErrnoToStatus(error, absl::StrCat("cannot watch ", folder));
    }
    tails.push_back(std::make_unique<Tail>(file, /*from_end=*/true));
  }
  while (!stop) {
    for (std::size_t i = 0; i < tails.size(); ++i)
      tails[i]->TakeNew([&](absl::string_view line) { take(i, line); });
    pollfd changed{notify, POLLIN, 0};
    poll(&changed, 1, 1000);
    char drained[4096];
    while (read(notify, drained, sizeof(drained)) > 0) {
    }
  }
  close(notify);
  return absl::OkStatus();
}

absl::Status FollowFile(const std::string& file, const std::atomic<bool>& stop,
                        absl::FunctionRef<void(absl::string_view line)> take) {
  return FollowFiles({file}, stop,
                     [&](std::size_t, absl::string_view line) { take(line); });
}

}  // namespace psm
