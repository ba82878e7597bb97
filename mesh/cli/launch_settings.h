// How a mesh is started, and what of it stays in the run folder for the verbs
// that come after `psm up`. Starts nothing.
#ifndef PSM_MESH_CLI_LAUNCH_SETTINGS_H_
#define PSM_MESH_CLI_LAUNCH_SETTINGS_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace psm {

struct LaunchOptions {
  std::string run;  // the run folder; made where it is missing
  std::vector<std::string> configuration;  // folders, merged; absolute
  std::string programs;                    // folder of psm's programs
  int port = 7443;                         // of the gateway; 0: any
  int admin_port = 0;                      // of its log over HTTP; 0: any
  int residents = 1000;  // how many synthetic persons the first start makes
  int businesses = 50;
  std::uint64_t seed = 1;
  std::vector<std::string> without;  // systems to be started by hand
  std::vector<std::pair<std::string, std::string>>
      environment;                              // for every process
  bool dies_with_parent = false;                // for tests
  absl::Duration patience = absl::Seconds(20);  // for one process to serve
  // Looked at between the steps of Prepare and while processes come up: true
  // ends these with CANCELLED, and what Start had started is stopped again. May
  // be set by a signal handler; null: never.
  const std::atomic<bool>* interrupted = nullptr;
};

// Keeps them in the run folder, which must be there, with the port that the
// gateway got. WriteWholeFile's errors.
absl::Status WriteSettings(const LaunchOptions& options, int port);

// What was written by the last Start in this run folder (configuration folders,
// programs, the gateway's port, what its people were made from), for verbs that
// come later. NOT_FOUND, with what to do, where none was; FAILED_PRECONDITION
// where they cannot be understood.
absl::StatusOr<LaunchOptions> ReadSettings(const std::string& run);

// FAILED_PRECONDITION, with what to do, where another version of psm, which
// keeps its state otherwise, started a mesh in this run folder.
absl::Status CheckRunFolderFormat(const std::string& run);

}  // namespace psm

#endif  // PSM_MESH_CLI_LAUNCH_SETTINGS_H_
