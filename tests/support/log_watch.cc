#include "tests/support/log_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/clock.h"
#include "nlohmann/json.hpp"

namespace psm::testing {
namespace {

LogLine Parse(const std::string& text) {
  LogLine line;
  nlohmann::json json =
      nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return line;
  for (const auto& [key, value] : json.items())
    line[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return line;
}

}  // namespace

LogWatch::LogWatch(std::string file, From from) : file_(std::move(file)) {
  if (from == kFromBegin) return;
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(file_, none);
  if (!none) read_ = static_cast<std::int64_t>(size);
}

absl::StatusOr<LogLine> LogWatch::Await(const std::vector<std::string>& events,
                                        absl::Duration patience) {
  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + patience;
  const int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  const std::string folder = file_.substr(0, file_.rfind('/'));
  // Watched before the first look, so that no line falls in between.
  inotify_add_watch(notify, folder.c_str(), IN_MODIFY | IN_CREATE);
  absl::StatusOr<LogLine> found = absl::DeadlineExceededError(
      absl::StrCat("no ", absl::StrJoin(events, " or "), " in ", file_));
  while (!found.ok()) {
    std::ifstream in(file_);
    in.seekg(read_);
    for (std::string text; !found.ok() && std::getline(in, text);) {
      if (in.eof()) break;  // half a line
      read_ += static_cast<std::int64_t>(text.size()) + 1;
      LogLine line = Parse(text);
      if (std::count(events.begin(), events.end(), line["event"]) > 0)
        found = std::move(line);
    }
    const absl::Duration left = deadline - clock.Monotonic();
    if (found.ok() || left <= absl::ZeroDuration()) break;
    pollfd change{notify, POLLIN, 0};
    poll(&change, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    char drained[4096];
    while (read(notify, drained, sizeof(drained)) > 0) {
    }
  }
  close(notify);
  return found;
}

}  // namespace psm::testing
