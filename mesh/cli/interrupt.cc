#include "mesh/cli/interrupt.h"

#include <csignal>

namespace psm {

std::atomic<bool> interrupted{false};

void ListenForInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) {
    interrupted = true;
  };  // without SA_RESTART: waits end early
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

}  // namespace psm
