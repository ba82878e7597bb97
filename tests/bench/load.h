// A closed loop of unary calls: so many under way at any time, over so many
// connections. Speaks gRPC's wire protocol itself, so that it costs little.
#ifndef PSM_TESTS_BENCH_LOAD_H_
#define PSM_TESTS_BENCH_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mesh/edge/tls_config.h"
#include "mesh/edge/worker.h"

namespace psm::bench {

struct LoadOptions {
  std::string endpoint;  // "127.0.0.1:PORT"
  std::string path;      // "/package.Service/Method"
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::vector<std::string> messages;  // sent in turn; at least one
  int concurrency = 1;                // calls under way at any time; at least 1
  int connections = 1;                // at least 1
};

// What ended within a window of time.
struct LoadSample {
  absl::Duration took;     // the window
  absl::Duration metered;  // what the meter ran on by meanwhile
  // Of each call that ended OK, from its start to the end of its stream; not
  // sorted; at most 4 s.
  std::vector<std::uint32_t> latencies_us;
};

// Caller k's n-th call goes over connection (k + n * concurrency) modulo their
// number: with fewer calls than connections, calls wander. A call that does
// not end with grpc-status 0, and a connection that ends, end all: the rest of
// the race would be measured without them.
//
// Used by the thread that made it, which is not the worker's.
class Load {
 public:
  // Connects, and begins to call when all connections are there. Returns when
  // the first call of each caller has ended. UNAVAILABLE where that does not
  // come within 30 s, or for what a peer answered instead.
  static absl::StatusOr<std::unique_ptr<Load>> Start(
      edge::Worker& worker, std::shared_ptr<const edge::TlsConfig> tls,
      const LoadOptions& options);
  // Cuts the connections.
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Forgets what has been counted. `meter` is read at both ends of the window,
  // on the worker's thread, so that no call falls between the two.
  void BeginWindow(std::function<absl::Duration()> meter = [] {
    return absl::ZeroDuration();
  });
  // Waits until so many calls have ended since then. DEADLINE_EXCEEDED after
  // 30 s.
  absl::Status AwaitCalls(std::size_t count);
  // What ended since BeginWindow. The error of a call or connection that
  // failed.
  absl::StatusOr<LoadSample> EndWindow();

 private:
  class Impl;
  explicit Load(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_LOAD_H_
