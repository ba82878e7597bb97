#include "mesh/edge/worker.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

// Asio runs ready handlers in the order in which they became ready, and what a
// handler posts goes behind them: the turn's end, posted when the first
// connection has something to say, runs after every input that was ready then.

namespace psm::edge {

struct Worker::Loop {
  // Hint 1: one thread runs it, others may post.
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work = boost::asio::make_work_guard(io);
  boost::asio::steady_timer timer{io};
  absl::Duration armed = absl::InfiniteDuration();  // when `timer` wakes us
};

Worker::Worker(const Clock& clock, int index)
    : clock_(clock),
      index_(index),
      timers_(clock),
      loop_(std::make_unique<Loop>()) {
  timers_.OnEarlier([this] { ArmTimer(); });
}

Worker::~Worker() {
  Stop();
  Join();
  // Work that never ran, and handlers that the loop still holds, may own things
  // that look at the timers: they go first.
  {
    std::vector<absl::AnyInvocable<void()>> never_run;
    MutexLock lock(mu_);
    never_run.swap(posted_);
  }
  loop_.reset();
}

void Worker::Start() {
  thread_ = std::thread([this] {
    thread_id_.store(std::this_thread::get_id());
    ArmTimer();
    loop_->io.run();
  });
}

void Worker::Stop() { loop_->io.stop(); }

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
  thread_id_.store(std::thread::id());
}

bool Worker::OnThisThread() const {
  return thread_id_.load(std::memory_order_relaxed) ==
         std::this_thread::get_id();
}

boost::asio::io_context& Worker::io() { return loop_->io; }

void Worker::Post(absl::AnyInvocable<void()> work) {
  bool wake;
  {
    MutexLock lock(mu_);
    posted_.push_back(std::move(work));
    wake = !wake_pending_;
    wake_pending_ = true;
  }
  if (wake) boost::asio::post(loop_->io, [this] { RunPosted(); });
}

void Worker::RunPosted() {
  {
    MutexLock lock(mu_);
    batch_.swap(posted_);
    wake_pending_ = false;
  }
  for (absl::AnyInvocable<void()>& work : batch_) {
    // Each is destroyed right after it ran, as if it had been posted alone.
    absl::AnyInvocable<void()> running = std::move(work);
    running();
  }
  batch_.clear();  // keeps its capacity for the next burst
}

void Worker::AtTurnEnd(TurnEnd& end) {
  if (end.queued_) return;
  end.queued_ = true;
  turn_ends_.push_back(&end);
  if (turn_end_pending_) return;
  turn_end_pending_ = true;
  boost::asio::post(loop_->io, [this] { RunTurnEnds(); });
}

void Worker::Forget(TurnEnd& end) {
  if (!end.queued_) return;
  end.queued_ = false;
  std::replace(turn_ends_.begin(), turn_ends_.end(), &end,
               static_cast<TurnEnd*>(nullptr));
  std::replace(ending_.begin(), ending_.end(), &end,
               static_cast<TurnEnd*>(nullptr));
}

void Worker::RunTurnEnds() {
  turn_end_pending_ = false;
  ending_.swap(turn_ends_);
  // By index: an end may have others forgotten. What it queues anew is for the
  // next turn.
  for (std::size_t i = 0; i < ending_.size(); ++i) {
    TurnEnd* end = ending_[i];
    if (end == nullptr) continue;
    ending_[i] = nullptr;
    end->queued_ = false;
    end->EndTurn();
  }
  ending_.clear();
}

// Keeps one Asio timer at or before the earliest of ours. It is moved only
// forward in time when it fires: a call whose deadline is cancelled in time
// costs no system call.
void Worker::ArmTimer() {
  const absl::Duration next = timers_.Next();
  if (next >= loop_->armed) return;
  loop_->armed = next;
  const absl::Duration wait =
      std::max(next - timers_.Now(), absl::ZeroDuration());
  loop_->timer.expires_after(std::chrono::nanoseconds(
      absl::ToInt64Nanoseconds(std::min(wait, absl::Hours(24)))));
  loop_->timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // set anew for an earlier time
    loop_->armed = absl::InfiniteDuration();
    timers_.RunDue();
    ArmTimer();
  });
}

}  // namespace psm::edge
