// For tests: a count that other threads raise and a test waits for.
#ifndef PSM_MESH_EDGE_TEST_COUNT_H_
#define PSM_MESH_EDGE_TEST_COUNT_H_

#include <chrono>

#include "mesh/base/mutex.h"

namespace psm::edge {

// Thread-safe.
class TestCount {
 public:
  void Add() {
    MutexLock lock(mu_);
    ++value_;
    raised_.NotifyAll();
  }

  int value() const {
    MutexLock lock(mu_);
    return value_;
  }

  // Waits until the count is at least `value`; false where it has not come so
  // far when 20 s have gone by since it was last raised.
  bool Reaches(int value) const {
    MutexLock lock(mu_);
    while (value_ < value) {
      if (!raised_.WaitFor(mu_, std::chrono::seconds(20))) return false;
    }
    return true;
  }

 private:
  mutable Mutex mu_;
  mutable CondVar raised_;
  int value_ PSM_GUARDED_BY(mu_) = 0;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TEST_COUNT_H_
