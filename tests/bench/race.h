// The race itself: every course in turn, round after round, so that what else
// the machine does falls on all of them alike.
#ifndef PSM_TESTS_BENCH_RACE_H_
#define PSM_TESTS_BENCH_RACE_H_

#include <atomic>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "tests/bench/figures.h"
#include "tests/bench/stage.h"

namespace psm::bench {

struct RaceOptions {
  std::vector<std::string> proxies;  // beside psm: of ProxyNames()
  std::vector<int> concurrency = {1, 64, 256};
  std::vector<int> connections = {1, 8};
  int rounds = 3;
  absl::Duration warm_up = absl::Milliseconds(250);  // of each run, unmeasured
  absl::Duration measured = absl::Milliseconds(1150);
};

// Every course of one round, those that are compared next to one another.
std::vector<Course> CoursesOf(const RaceOptions& options);

// Runs all rounds. `progress` hears of each round. Errors of the first run that
// fails, naming the course; CANCELLED once `interrupted` is true.
absl::StatusOr<Results> RunRace(
    Stage& stage, const Clock& clock, const RaceOptions& options,
    const std::atomic<bool>& interrupted,
    absl::FunctionRef<void(absl::string_view)> progress);

// A new gateway's resident size (its peak, KiB) with so many connections open,
// of all callers in equal parts, after a call on each of them.
absl::StatusOr<std::int64_t> MemoryWithConnections(Stage& stage,
                                                   const Clock& clock,
                                                   int connections);

struct MeshUp {
  absl::Duration first;  // keys, certificates and people are made, too
  absl::Duration again;  // they are there
};

// How long it takes until the whole mesh serves, with the number of people that
// `psm up` makes, in a new folder below `folder`.
absl::StatusOr<MeshUp> TimeMeshUp(const std::string& folder,
                                  const std::string& programs,
                                  const std::string& source_root,
                                  const Clock& clock);

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_RACE_H_
