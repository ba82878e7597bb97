// Many timers at the cost of one: a heap of deadlines that somebody else's
// clock drives. Knows no event loop.
#ifndef PSM_MESH_EDGE_TIMER_QUEUE_H_
#define PSM_MESH_EDGE_TIMER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"

namespace psm::edge {

class Timer;

// The timers of one thread. Thread-compatible: all use is on the thread that
// owns it. `clock` and the queue must outlive every timer.
class TimerQueue {
 public:
  explicit TimerQueue(const Clock& clock) : clock_(clock) {}
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Monotonic time of the clock.
  absl::Duration Now() const { return clock_.Monotonic(); }

  // When the earliest timer is due, in the clock's monotonic time;
  // InfiniteDuration where none is set.
  absl::Duration Next() const;

  // Fires what is due now, earliest first. A timer that fires may set, cancel
  // and destroy any timer, itself included. Those set meanwhile for a time that
  // has passed fire at the next call.
  void RunDue();

  // `changed` is called when a timer becomes the earliest of all: the loop then
  // has to wake sooner than it meant to.
  void OnEarlier(absl::AnyInvocable<void()> changed) {
    changed_ = std::move(changed);
  }

  std::size_t size() const { return heap_.size(); }

 private:
  friend class Timer;
  struct Entry {
    std::int64_t due;  // nanoseconds of monotonic time
    Timer* timer;
  };
  void Add(Timer& timer, std::int64_t due);
  void Remove(Timer& timer);
  void SiftUp(std::size_t at);
  void SiftDown(std::size_t at);
  void Place(std::size_t at, Entry entry);

  const Clock& clock_;
  absl::AnyInvocable<void()> changed_;
  std::vector<Entry> heap_;       // binary heap by `due`
  std::int64_t running_at_ = -1;  // the time RunDue works at; -1 outside
  Timer* fired_ = nullptr;        // the timer whose function runs, if it lives
};

// Calls a function once when its time has come. The destructor cancels it.
class Timer {
 public:
  Timer(TimerQueue& queue, absl::AnyInvocable<void()> fire)
      : queue_(queue), fire_(std::move(fire)) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Sets it, or sets it anew. Zero and less: at the next RunDue. Infinite:
  // cancels.
  void Set(absl::Duration after);
  // Does nothing where it is not set.
  void Cancel();
  bool is_set() const { return place_ != kNowhere; }

 private:
  friend class TimerQueue;
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  TimerQueue& queue_;
  absl::AnyInvocable<void()> fire_;
  std::size_t place_ = kNowhere;  // index in the heap
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TIMER_QUEUE_H_
