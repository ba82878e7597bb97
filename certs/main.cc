#include <iostream>

#include "certs/commands.h"
#include "mesh/base/clock.h"

int main(int argc, char** argv) {
  auto clock = psm::ClockFromEnvironment();
  if (!clock.ok()) {
    std::cerr << "psm-pki: " << clock.status().message() << "\n";
    return 1;
  }
  return psm::pki::RunCommand(argc, argv, **clock, std::cout, std::cerr);
}
