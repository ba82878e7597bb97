#include "tests/bench/process_cost.h"

#include <time.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace psm::bench {
namespace {

absl::Status Gone(pid_t process) {
  return absl::NotFoundError(absl::StrCat("process ", process, " has ended"));
}

}  // namespace

std::vector<pid_t> ProcessTree(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    std::ifstream in(
        absl::StrCat("/proc/", tree[i], "/task/", tree[i], "/children"));
    pid_t child = 0;
    while (in >> child) tree.push_back(child);
  }
  return tree;
}

absl::StatusOr<absl::Duration> CpuTime(const std::vector<pid_t>& processes) {
  absl::Duration sum;
  for (const pid_t process : processes) {
    clockid_t clock;
    timespec time = {};
    if (clock_getcpuclockid(process, &clock) != 0 ||
        clock_gettime(clock, &time) != 0) {
      return Gone(process);
    }
    sum += absl::DurationFromTimespec(time);
  }
  return sum;
}

void ResetPeakMemory(const std::vector<pid_t>& processes) {
  // proc(5): 5 resets the peak to the present size.
  for (const pid_t process : processes)
    std::ofstream(absl::StrCat("/proc/", process, "/clear_refs")) << 5;
}

absl::StatusOr<std::int64_t> PeakMemoryKib(
    const std::vector<pid_t>& processes) {
  std::int64_t sum = 0;
  for (const pid_t process : processes) {
    std::ifstream in(absl::StrCat("/proc/", process, "/status"));
    std::string line;
    std::int64_t kib = -1;
    while (kib < 0 && std::getline(in, line)) {
      if (!absl::StartsWith(line, "VmHWM:")) continue;
      const std::vector<std::string> words =
          absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
      if (words.size() != 3 || !absl::SimpleAtoi(words[1], &kib)) break;
    }
    if (kib < 0) return Gone(process);
    sum += kib;
  }
  return sum;
}

}  // namespace psm::bench
