// An agency that goes about its business while others attack: the same
// exchange again and again, so many at any time, over a connection of its own.
#ifndef PSM_TESTS_ATTACK_VICTIM_H_
#define PSM_TESTS_ATTACK_VICTIM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "mesh/base/mutex.h"
#include "mesh/cli/system_caller.h"
#include "tests/support/mesh.h"

namespace psm::attack {

// What became of the calls that began within a window of time.
struct Sample {
  std::size_t calls = 0;
  std::size_t failed = 0;
  std::string first_failure;  // empty where none did
  // From a call's start to its end, of those that succeeded; 0 where none did.
  double p50_ms = 0;
  double p99_ms = 0;
  double longest_ms = 0;
};

// Akatsuki's benefits office, which asks Yunagi's tax office about a person. No
// call is made twice. Belongs to the thread that made it.
class Victim {
 public:
  // Calls from now on. `mesh` must outlive it.
  Victim(testing::Mesh& mesh, int concurrency);
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  // Calls that begin from now on count.
  void BeginWindow() PSM_EXCLUDES(mu_);
  // None that begins from now on does. Waits for those that have begun: none
  // is forgotten for being slow. A call takes at most 10 s.
  Sample EndWindow() PSM_EXCLUDES(mu_);

 private:
  void Run(const std::string& code);
  void Ended(const CallReport& report) PSM_EXCLUDES(mu_);

  testing::Mesh& mesh_;
  Mutex mu_;
  CondVar ended_;
  bool counting_ PSM_GUARDED_BY(mu_) = false;
  std::size_t under_way_ PSM_GUARDED_BY(mu_) = 0;  // of those that count
  Sample sample_ PSM_GUARDED_BY(mu_);
  std::vector<std::uint32_t> took_us_ PSM_GUARDED_BY(mu_);
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace psm::attack

#endif  // PSM_TESTS_ATTACK_VICTIM_H_
