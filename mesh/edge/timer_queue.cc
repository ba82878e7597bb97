#include "mesh/edge/timer_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace psm::edge {
namespace {

// A deadline this far off is never reached; sums below stay in range.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max() / 2;

}  // namespace

absl::Duration TimerQueue::Next() const {
  return heap_.empty() ? absl::InfiniteDuration()
                       : absl::Nanoseconds(heap_.front().due);
}

void TimerQueue::RunDue() {
  running_at_ = absl::ToInt64Nanoseconds(Now());
  while (!heap_.empty() && heap_.front().due <= running_at_) {
    Timer& timer = *heap_.front().timer;
    Remove(timer);
    // The function leaves the timer for as long as it runs, because it may
    // destroy the timer; it goes back where it did not.
    fired_ = &timer;
    absl::AnyInvocable<void()> fire = std::move(timer.fire_);
    fire();
    if (fired_ != nullptr) timer.fire_ = std::move(fire);
    fired_ = nullptr;
  }
  running_at_ = -1;
}

void TimerQueue::Add(Timer& timer, std::int64_t due) {
  // What is set while timers fire is for a later round, so that a timer which
  // sets itself for "at once" cannot hold the loop.
  if (running_at_ >= 0) due = std::max(due, running_at_ + 1);
  heap_.push_back({due, &timer});
  timer.place_ = heap_.size() - 1;
  SiftUp(timer.place_);
  if (timer.place_ == 0 && running_at_ < 0 && changed_) changed_();
}

void TimerQueue::Remove(Timer& timer) {
  const std::size_t at = timer.place_;
  timer.place_ = Timer::kNowhere;
  Entry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;  // it was the last itself
  Place(at, last);
  SiftUp(at);
  SiftDown(last.timer->place_);
}

void TimerQueue::SiftUp(std::size_t at) {
  const Entry entry = heap_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (heap_[parent].due <= entry.due) break;
    Place(at, heap_[parent]);
    at = parent;
  }
  Place(at, entry);
}

void TimerQueue::SiftDown(std::size_t at) {
  const Entry entry = heap_[at];
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due)
      ++child;
    if (entry.due <= heap_[child].due) break;
    Place(at, heap_[child]);
    at = child;
  }
  Place(at, entry);
}

void TimerQueue::Place(std::size_t at, Entry entry) {
  heap_[at] = entry;
  entry.timer->place_ = at;
}

Timer::~Timer() {
  Cancel();
  if (queue_.fired_ == this) queue_.fired_ = nullptr;
}

void Timer::Set(absl::Duration after) {
  Cancel();
  if (after == absl::InfiniteDuration()) return;
  const std::int64_t now = absl::ToInt64Nanoseconds(queue_.Now());
  const std::int64_t wait = std::clamp<std::int64_t>(
      absl::ToInt64Nanoseconds(after), 0, kNever - std::min(now, kNever));
  queue_.Add(*this, now + wait);
}

void Timer::Cancel() {
  if (is_set()) queue_.Remove(*this);
}

}  // namespace psm::edge
