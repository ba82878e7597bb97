// For tests: the `openssl` command, which every machine that builds this has.
#ifndef PSM_SERVICES_IDENTITY_OPENSSL_COMMAND_H_
#define PSM_SERVICES_IDENTITY_OPENSSL_COMMAND_H_

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace psm {

// What a command said, on both of its outputs, and how it ended.
struct Said {
  std::string text;
  int exit_code = -1;
  bool Says(const std::string& what) const {
    return text.find(what) != std::string::npos;
  }
};

// Runs `openssl ARGUMENTS` in a shell; paths in it have no blanks. Ends the
// process where there is no such command: a proof that is left out is none.
inline Said OpenSsl(const std::string& arguments) {
  Said said;
  std::FILE* const pipe =
      popen(("openssl " + arguments + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) std::abort();
  char block[4096];
  for (std::size_t size = 1; size > 0;) {
    size = fread(block, 1, sizeof(block), pipe);
    said.text.append(block, size);
  }
  const int status = pclose(pipe);
  said.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (said.exit_code == 127) std::abort();
  return said;
}

}  // namespace psm

#endif  // PSM_SERVICES_IDENTITY_OPENSSL_COMMAND_H_
