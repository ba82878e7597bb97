// Lazy coroutines for one thread: Task<T>, Completion<T> (where a callback
// meets a coroutine) and JoinAll. Knows no event loop: whoever holds a
// Completion sets it on the thread that owns the coroutine.
#ifndef PSM_MESH_BASE_TASK_H_
#define PSM_MESH_BASE_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace psm {

// A computation that starts when it is awaited and hands its result to the one
// that awaits it. Move-only; await once. A task that has started runs to its
// end: it is never destroyed half-way, so what it points to need only outlive
// the end of it. Owned by one thread. Exceptions are not used across our APIs;
// one that escapes ends the process.
//
// With gcc 12: arguments of co_await expressions are named locals (library trap
// 13), and a loop must not await a chain of tasks that never truly suspend:
// each adds stack frames in unoptimised builds.
template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::optional<T> result;

    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(
            std::coroutine_handle<promise_type> done) noexcept {
          return done.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    void return_value(T value) { result.emplace(std::move(value)); }
    void unhandled_exception() { std::terminate(); }
  };

  Task(Task&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().result); }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

// A coroutine that runs at once and frees itself at its end. Its caller gets
// nothing back.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// Runs `task` and then calls `done` with its result.
template <typename T, typename Done>
Detached Start(Task<T> task, Done done) {
  T result = co_await task;
  done(std::move(result));
}

// A value that arrives later, once. The waiter awaits it at most once; Set may
// come before or after. Lives in the waiter's frame, so the setter's pointer is
// good until it has called Set.
template <typename T>
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // Hands over the value and resumes the waiter before it returns. `this` may
  // be gone afterwards.
  void Set(T value) {
    value_.emplace(std::move(value));
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

  bool await_ready() const noexcept { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::optional<T> value_;
  std::coroutine_handle<> waiter_;
};

namespace task_internal {

template <typename T>
class Join {
 public:
  explicit Join(std::vector<Task<T>> tasks)
      : tasks_(std::move(tasks)), results_(tasks_.size()) {}

  bool await_ready() const noexcept { return tasks_.empty(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    left_ = tasks_.size() + 1;  // one for this loop, so that a leg that ends at
                                // once does not resume us inside it
    for (std::size_t i = 0; i < tasks_.size(); ++i)
      Run(this, i, std::move(tasks_[i]));
    return --left_ != 0;
  }
  std::vector<T> await_resume() {
    std::vector<T> values;
    values.reserve(results_.size());
    for (std::optional<T>& result : results_)
      values.push_back(std::move(*result));
    return values;
  }

 private:
  static Detached Run(Join* join, std::size_t i, Task<T> task) {
    join->results_[i].emplace(co_await task);
    // The waiter may free `join` as soon as it is resumed: nothing touches it
    // after that.
    if (--join->left_ == 0) join->waiter_.resume();
  }

  std::vector<Task<T>> tasks_;
  std::vector<std::optional<T>> results_;
  std::size_t left_ = 0;
  std::coroutine_handle<> waiter_;
};

}  // namespace task_internal

// Runs all tasks at once on this thread and gives their results in the same
// order when the last has ended.
template <typename T>
Task<std::vector<T>> JoinAll(std::vector<Task<T>> tasks) {
  task_internal::Join<T> join(std::move(tasks));
  co_return co_await join;
}

}  // namespace psm

#endif  // PSM_MESH_BASE_TASK_H_
