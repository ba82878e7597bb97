// Time as a parameter. The only place that asks the operating system what time
// it is.
#ifndef PSM_MESH_BASE_CLOCK_H_
#define PSM_MESH_BASE_CLOCK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace psm {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time: for validity periods, records, tokens. May jump.
  virtual absl::Time Now() const = 0;

  // Time since an arbitrary start that never runs backwards: for freshness,
  // timeouts, rates.
  virtual absl::Duration Monotonic() const = 0;
};

// The machine's clock.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
};

// The machine's clock plus an offset that another process may change: `file`
// holds one int64 in native byte order, nanoseconds added to the wall time, and
// is mapped. Monotonic time is the machine's. For test meshes, whose clock
// every process shares (environment variable PSM_CLOCK_FILE).
class SharedOffsetClock : public SystemClock {
 public:
  // Maps `file`, creating it with offset zero where it does not exist.
  static absl::StatusOr<std::unique_ptr<SharedOffsetClock>> Open(
      const std::string& file);
  ~SharedOffsetClock() override;
  SharedOffsetClock(const SharedOffsetClock&) = delete;
  SharedOffsetClock& operator=(const SharedOffsetClock&) = delete;

  absl::Time Now() const override;
  void SetOffset(
      absl::Duration offset);  // seen by every process that maps the file

 private:
  explicit SharedOffsetClock(std::int64_t* offset) : offset_(offset) {}
  std::int64_t* const offset_;  // one mapped page, accessed atomically
};

// The clock this process was told to use: SharedOffsetClock where
// PSM_CLOCK_FILE is set, else SystemClock.
absl::StatusOr<std::unique_ptr<Clock>> ClockFromEnvironment();

// A clock that stands still until it is moved. Thread-compatible.
class ManualClock : public Clock {
 public:
  explicit ManualClock(absl::Time now) : now_(now) {}
  absl::Time Now() const override { return now_; }
  absl::Duration Monotonic() const override { return monotonic_; }
  void Advance(absl::Duration by) {
    now_ += by;
    monotonic_ += by;
  }

 private:
  absl::Time now_;
  absl::Duration monotonic_ = absl::Seconds(1000);
};

}  // namespace psm

#endif  // PSM_MESH_BASE_CLOCK_H_
