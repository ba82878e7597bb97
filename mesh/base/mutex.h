// std::mutex with clang's thread-safety annotations, visible to ThreadSanitizer
// (Debian's Abseil is not).
#ifndef PSM_MESH_BASE_MUTEX_H_
#define PSM_MESH_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define PSM_THREAD_ANNOTATION_(x) __attribute__((x))
#else
#define PSM_THREAD_ANNOTATION_(x)
#endif

#define PSM_GUARDED_BY(x) PSM_THREAD_ANNOTATION_(guarded_by(x))
#define PSM_REQUIRES(...) \
  PSM_THREAD_ANNOTATION_(requires_capability(__VA_ARGS__))
#define PSM_EXCLUDES(...) PSM_THREAD_ANNOTATION_(locks_excluded(__VA_ARGS__))

namespace psm {

class PSM_THREAD_ANNOTATION_(capability("mutex")) Mutex {
 public:
  void Lock() PSM_THREAD_ANNOTATION_(acquire_capability()) { mu_.lock(); }
  void Unlock() PSM_THREAD_ANNOTATION_(release_capability()) { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

class PSM_THREAD_ANNOTATION_(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mu) PSM_THREAD_ANNOTATION_(acquire_capability(mu))
      : mu_(mu) {
    mu_.Lock();
  }
  ~MutexLock() PSM_THREAD_ANNOTATION_(release_capability()) { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

class CondVar {
 public:
  // Waits until notified (or spuriously). Call in a loop over the condition.
  void Wait(Mutex& mu) PSM_REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }
  // As Wait, at most for `timeout`; false when that passed.
  bool WaitFor(Mutex& mu, std::chrono::nanoseconds timeout) PSM_REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    bool notified = cv_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace psm

#endif  // PSM_MESH_BASE_MUTEX_H_
