// For tests: what a command says, and how it ends.
#ifndef PSM_MESH_CLI_SAID_H_
#define PSM_MESH_CLI_SAID_H_

#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"

namespace psm {

struct Said {
  int code = -1;     // -1: it did not end by itself
  std::string text;  // standard output and error
};

// The exit code in a result of wait(2).
inline int ExitCodeOf(int result) {
  return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

// Runs psm's program `psm` on a run folder, in a pipe and without input, as
// wide as it likes.
inline Said RunPsm(const std::string& psm, const std::string& run,
                   const std::string& arguments) {
  const std::string command =
      absl::StrCat("env -u COLUMNS '", psm, "' --run '", run, "' ", arguments,
                   " 2>&1 </dev/null");
  Said said;
  FILE* out = popen(command.c_str(), "r");
  char block[4096];
  while (const std::size_t got = fread(block, 1, sizeof(block), out))
    said.text.append(block, got);
  said.code = ExitCodeOf(pclose(out));
  return said;
}

}  // namespace psm

#endif  // PSM_MESH_CLI_SAID_H_
