// For tests: a process that is killed at some moment.
#ifndef PSM_MESH_RECORDS_FORKED_CHILD_H_
#define PSM_MESH_RECORDS_FORKED_CHILD_H_

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include "absl/functional/function_ref.h"

namespace psm {

struct ForkedChild {
  pid_t pid = -1;    // -1: it could not be made
  int reports = -1;  // where what it writes is read; the caller closes it
};

// Runs `work` in a child, with the descriptor that it writes to. It must not
// return: a copy of the test would go on.
inline ForkedChild Fork(absl::FunctionRef<void(int reports)> work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  ForkedChild child;
  child.pid = fork();
  if (child.pid == 0) {
    close(ends[0]);
    work(ends[1]);
    _exit(1);
  }
  close(ends[1]);
  child.reports = ends[0];
  return child;
}

}  // namespace psm

#endif  // PSM_MESH_RECORDS_FORKED_CHILD_H_
