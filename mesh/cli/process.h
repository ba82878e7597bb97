// Processes of a mesh: started, watched, stopped, each by pid and start time,
// so that a recycled pid is never taken for one of ours.
#ifndef PSM_MESH_CLI_PROCESS_H_
#define PSM_MESH_CLI_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace psm {

struct ProcessName {
  pid_t pid = 0;
  std::uint64_t start_time =
      0;  // clock ticks since boot, /proc/<pid>/stat field 22
};

struct SpawnOptions {
  std::vector<std::string> command;  // program path and arguments
  std::string log;  // standard output and error, appended; made with mode 0600
  std::vector<std::pair<std::string, std::string>>
      environment;  // added to ours
  bool dies_with_parent =
      false;  // killed when the thread that spawned it ends (PR_SET_PDEATHSIG)
};

// Starts a program in a session of its own with no standard input. NOT_FOUND
// where the program cannot be executed.
absl::StatusOr<ProcessName> Spawn(const SpawnOptions& options);

// Whether that very process still runs. A zombie does not.
bool IsRunning(const ProcessName& process);

// SIGTERM, and SIGKILL after `patience`; returns when it has ended. OK also
// where it had before.
absl::Status StopProcess(const ProcessName& process, absl::Duration patience);

// SIGKILL or another signal to that very process; NOT_FOUND where it does not
// run.
absl::Status SignalProcess(const ProcessName& process, int signal);

// Waits until `file` exists with contents, or `process` has ended, or
// `patience` is over. The contents without line feed; FAILED_PRECONDITION where
// the process ended first; DEADLINE_EXCEEDED. The file's folder must exist.
absl::StatusOr<std::string> AwaitFile(const std::string& file,
                                      const ProcessName& process,
                                      absl::Duration patience);

// Runs a program to its end; its output goes to `log`. INTERNAL, with the last
// lines of the log, where it does not exit with 0.
absl::Status RunProgram(const SpawnOptions& options);

// "pid start_time" in a file, replaced atomically; and back. NOT_FOUND where
// there is none.
absl::Status WriteProcessName(const std::string& file,
                              const ProcessName& process);
absl::StatusOr<ProcessName> ReadProcessName(const std::string& file);

// The last lines of a log, for messages.
std::string LastLines(const std::string& file, int lines);

}  // namespace psm

#endif  // PSM_MESH_CLI_PROCESS_H_
