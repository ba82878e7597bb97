// psm-cards: virtual cards for all personas of a run folder, and what their
// holders do with them.
#include <cstdio>
#include <iostream>

#include "mesh/base/clock.h"
#include "services/identity/card/commands.h"

int main(int argc, char** argv) {
  absl::StatusOr<std::unique_ptr<psm::Clock>> clock =
      psm::ClockFromEnvironment();
  if (!clock.ok()) {
    std::fprintf(stderr, "psm-cards: %s\n",
                 std::string(clock.status().message()).c_str());
    return 64;
  }
  return psm::card::RunCommand(argc, argv, **clock, std::cout, std::cerr);
}
