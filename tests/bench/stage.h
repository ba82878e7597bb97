// Everything the race runs on: a run folder with certificates, the providers,
// the gateway and the proxies before them. Measures nothing.
#ifndef PSM_TESTS_BENCH_STAGE_H_
#define PSM_TESTS_BENCH_STAGE_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mesh/base/clock.h"
#include "mesh/cli/process.h"
#include "mesh/edge/tls_config.h"
#include "tests/bench/backend.h"
#include "tests/bench/load.h"

namespace psm::bench {

struct StageOptions {
  std::string folder;     // made anew; absolute. Nothing else may be in it
  std::string programs;   // folder of psm's programs
  std::string contracts;  // folder of the race's descriptor set
  std::vector<std::string> proxies;  // beside psm: of ProxyNames()
};

// The systems that call; each may have 128 connections to the gateway.
inline constexpr int kCallers = 8;

// Stops what it started when it goes; what it started ends with the thread that
// made it, too.
class Stage {
 public:
  static absl::StatusOr<std::unique_ptr<Stage>> SetUp(
      const StageOptions& options, const Clock& clock);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Who is called when calls go via "psm", a proxy, or "none": the provider
  // itself.
  struct Target {
    std::string endpoint;
    pid_t process;  // and what it starts; 0 for "none"
  };
  const Target& Via(const std::string& via) const { return targets_.at(via); }

  // What is called in a scenario, by whom: path, metadata and messages of about
  // 250 bytes. The endpoint and the numbers are for the caller to fill in.
  LoadOptions Calls(absl::string_view scenario) const;
  // The TLS state of a caller, 0 to kCallers - 1.
  std::shared_ptr<const edge::TlsConfig> Caller(int index) const {
    return callers_.at(static_cast<std::size_t>(index));
  }

  // Ends the gateway and starts another, which has done nothing yet.
  absl::Status RestartGateway();

 private:
  Stage(const StageOptions& options, const Clock& clock)
      : options_(options), clock_(clock) {}
  absl::Status MakeFolder();
  absl::Status MakeMessages();
  absl::Status StartProviders();
  absl::Status StartGateway();
  absl::Status StartProxies();
  absl::StatusOr<std::shared_ptr<const edge::TlsConfig>> Tls(
      const std::string& system) const;

  const StageOptions options_;
  const Clock& clock_;
  std::vector<std::shared_ptr<const edge::TlsConfig>> callers_;
  std::vector<std::string> forward_messages_;
  std::vector<std::string> ask_messages_;
  // The gateway asks who the provider is; the proxies ask for a host's name,
  // which only the gateway's certificate has.
  std::unique_ptr<Backend> register_;
  std::unique_ptr<Backend> localhost_;
  std::map<std::string, ProcessName> processes_;  // by name
  std::map<std::string, Target> targets_;
};

}  // namespace psm::bench

#endif  // PSM_TESTS_BENCH_STAGE_H_
