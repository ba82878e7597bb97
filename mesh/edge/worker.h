// One thread with one event loop. Everything a call touches belongs to one
// worker; other threads reach it through Post.
#ifndef PSM_MESH_EDGE_WORKER_H_
#define PSM_MESH_EDGE_WORKER_H_

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "mesh/base/clock.h"
#include "mesh/base/executor.h"
#include "mesh/base/mutex.h"
#include "mesh/edge/timer_queue.h"

namespace boost::asio {
class io_context;
}

namespace psm::edge {

// Created, started, stopped and destroyed by one thread (main); all that is not
// said to be thread-safe is for the worker's own thread, or for any thread
// before Start and after Join. `clock` must outlive it. What is registered with
// a worker (servers, upstreams) is destroyed after Join and before the worker.
class Worker final : public Executor {
 public:
  // Wants to be called once at the end of the current turn of the loop, when
  // all input that was ready and all posted work has been handled: the place to
  // write output of many calls in one go.
  class TurnEnd {
   public:
    virtual ~TurnEnd() = default;
    virtual void EndTurn() = 0;

   private:
    friend class Worker;
    bool queued_ = false;
  };

  // `index` counts the workers of a process from 0.
  Worker(const Clock& clock, int index);
  ~Worker() override;  // stops and joins
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread. Work posted before runs then. Call once.
  void Start();
  // Asks the loop to end after the handler that runs now. Thread-safe. What has
  // not run by then never runs.
  void Stop();
  // Waits until the thread has ended.
  void Join();

  // Thread-safe. A burst of posts wakes the loop once. Work runs in the order
  // of the posts.
  void Post(absl::AnyInvocable<void()> work) override;

  // Queues `end` for the end of this turn; does nothing where it is queued
  // already. `end` must stay alive until then, or be taken back with Forget.
  void AtTurnEnd(TurnEnd& end);
  void Forget(TurnEnd& end);

  int index() const { return index_; }
  const Clock& clock() const { return clock_; }
  TimerQueue& timers() { return timers_; }
  boost::asio::io_context& io();
  // Whether the caller is on the worker's thread. Thread-safe.
  bool OnThisThread() const;

 private:
  struct Loop;  // Asio stays out of this header
  void RunPosted();
  void RunTurnEnds();
  void ArmTimer();

  const Clock& clock_;
  const int index_;
  TimerQueue timers_;
  Mutex mu_;
  std::vector<absl::AnyInvocable<void()>> posted_ PSM_GUARDED_BY(mu_);
  bool wake_pending_ PSM_GUARDED_BY(mu_) = false;

  // The rest belongs to the loop.
  std::vector<absl::AnyInvocable<void()>> batch_;
  std::vector<TurnEnd*> turn_ends_;
  std::vector<TurnEnd*> ending_;
  bool turn_end_pending_ = false;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_WORKER_H_
