// What a process and its children cost: processor time and memory, as the
// kernel counts them.
#ifndef PSM_TESTS_BENCH_PROCESS_COST_H_
#define PSM_TESTS_BENCH_PROCESS_COST_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace psm::bench {

// The process and all below it, by /proc. Those that start later are not in it.
std::vector<pid_t> ProcessTree(pid_t root);

// User and system time of all threads of these processes since they started,
// to the nanosecond (the scheduler's count, not the timer's ticks). NOT_FOUND
// where one has ended.
absl::StatusOr<absl::Duration> CpuTime(const std::vector<pid_t>& processes);

// Forgets the peaks so far. Does nothing where the kernel does not allow it.
void ResetPeakMemory(const std::vector<pid_t>& processes);

// The sum of the highest resident sizes (VmHWM), KiB: pages that processes
// share count for each. NOT_FOUND where one has ended.
absl::StatusOr<std::int64_t> PeakMemoryKib(const std::vector<pid_t>& processes);

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_PROCESS_COST_H_
