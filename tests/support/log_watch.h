// Waits for what a process says in its log.
#ifndef PSM_TESTS_SUPPORT_LOG_WATCH_H_
#define PSM_TESTS_SUPPORT_LOG_WATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace psm::testing {

// One line of a log: "event", "level", "error" and what else it says.
using LogLine = std::map<std::string, std::string>;

// Looks at what is written from its construction on, or at all that was ever
// written. Thread-compatible.
class LogWatch {
 public:
  enum From { kFromNow, kFromBegin };
  // The file need not exist yet.
  explicit LogWatch(std::string file, From from = kFromNow);

  // The first line whose event is one of `events`, after the last that was
  // given. DEADLINE_EXCEEDED where none comes within `patience`.
  absl::StatusOr<LogLine> Await(const std::vector<std::string>& events,
                                absl::Duration patience);

 private:
  const std::string file_;
  std::int64_t read_ = 0;  // bytes, to the end of a line
};

}  // namespace psm::testing

#endif  // PSM_TESTS_SUPPORT_LOG_WATCH_H_
