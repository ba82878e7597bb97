// psm-gateway: the one way between agencies.
#include <csignal>
#include <string>

#include "CLI/CLI.hpp"
#include "mesh/base/descriptor_limit.h"
#include "mesh/base/log.h"
#include "mesh/directory/directory.h"
#include "mesh/gateway/gateway.h"

// For jemalloc, which looks for it by this name: an arena for each processor
// and not four of them, which keep memory back from one another (DECISIONS.md).
extern "C" const char* malloc_conf;
const char* malloc_conf = "percpu_arena:percpu";

namespace {

constexpr int kBadConfiguration = 64;  // EX_USAGE
constexpr int kMaxWorkers = 256;
// Half of what an agency's call usually has (agency::CallTerms): one that meets
// a gateway on its way out is still answered by the next.
constexpr absl::Duration kDrainBound = absl::Seconds(5);

}  // namespace

int main(int argc, char** argv) {
  psm::GatewayOptions options;
  CLI::App app(
      "The gateway of the Public Service Mesh. Unofficial prototype "
      "(非公式の試作).");
  app.add_option("--run", options.run,
                 "Run folder: keys, certificates, records, endpoints")
      ->required();
  app.add_option("--config", options.configuration,
                 "Configuration folder; repeat to merge several")
      ->required();
  app.add_option("--listen", options.listen,
                 "Address and port; port 0 takes any")
      ->capture_default_str();
  app.add_option("--admin", options.admin,
                 "Where the published log is served over HTTP, with /healthz "
                 "and /readyz; '' for nowhere")
      ->capture_default_str();
  app.add_option("--name", options.name, "Name of this gateway's log")
      ->capture_default_str();
  app.add_option("--kept-checkpoint", options.kept_checkpoint,
                 "File, on another disk, with the log's newest checkpoint: "
                 "written once a second, and the gateway does not start on "
                 "records that have not grown from it");
  app.add_option("--workers", options.workers,
                 "Event loops; 0 means one for each core")
      ->check(CLI::Range(0, kMaxWorkers))
      ->capture_default_str();
  app.add_flag(
      "--development", options.development,
      "Write a line for each leg, with codes of persons, for psm watch");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadConfiguration;
  }

  // Before any thread exists, so that every thread leaves these signals to
  // sigwait below.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  psm::InitLog(psm::kGatewaySystem);
  psm::LogInfo("descriptors",
               {{"limit", std::to_string(psm::RaiseDescriptorLimit())}});

  absl::StatusOr<std::unique_ptr<psm::Clock>> clock =
      psm::ClockFromEnvironment();
  if (!clock.ok()) {
    psm::LogError("not_started",
                  {{"error", std::string(clock.status().message())}});
    return kBadConfiguration;
  }
  auto gateway = psm::Gateway::Start(options, **clock);
  if (!gateway.ok()) {
    psm::LogError("not_started",
                  {{"error", std::string(gateway.status().message())}});
    return kBadConfiguration;
  }
  int signal = 0;
  sigwait(&stop_signals, &signal);
  psm::LogInfo("stopping");
  (*gateway)->Stop(kDrainBound);
  return 0;
}
