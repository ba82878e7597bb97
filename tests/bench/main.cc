// psm-bench: what the gateway costs, beside what proxies cost.
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/clock.h"
#include "mesh/base/descriptor_limit.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "tests/bench/figures.h"
#include "tests/bench/proxy.h"
#include "tests/bench/race.h"
#include "tests/bench/report.h"
#include "tests/bench/stage.h"

namespace psm::bench {
namespace {

namespace fs = std::filesystem;

#ifdef __clang__
constexpr char kCompiler[] = "";
#else
constexpr char kCompiler[] = "gcc ";
#endif
#ifdef PSM_PROFILE_GUIDED
constexpr char kBuiltFor[] = ", profile-guided";
#else
constexpr char kBuiltFor[] = "";
#endif
constexpr int kUsage = 64;
constexpr int kManyConnections = 1000;
constexpr double kMeshUpSeconds = 2;
constexpr double kGatewayMib = 64;

std::atomic<bool> interrupted{false};

struct Options {
  bool yes = false;  // for the script that starts us
  std::string run;
  std::string revision = "unknown";
  RaceOptions race;
  double seconds = 1.15;
  bool race_only = false;
};

void Say(absl::string_view what) {
  std::fprintf(stderr, "%s\n", std::string(what).c_str());
}

// What the proxies and what we are made of.
absl::StatusOr<std::map<std::string, std::string>> Versions(
    const Options& options) {
  std::map<std::string, std::string> versions = {
      {"psm", options.revision},
      {"openssl", OpenSSL_version(OPENSSL_VERSION)},
      {"nghttp2", nghttp2_version(0)->version_str},
      {"compiler", absl::StrCat(kCompiler, __VERSION__, kBuiltFor)}};
  for (const std::string& proxy : options.race.proxies) {
    PSM_ASSIGN_OR_RETURN(versions[proxy], ProxyVersion(proxy));
  }
  return versions;
}

absl::Status Measure(const Options& options, const std::string& programs) {
  const SystemClock clock;
  const std::string folder = options.run + "/bench";
  Report report;
  report.machine = ThisMachine();
  PSM_ASSIGN_OR_RETURN(report.versions, Versions(options));

  Say("certificates, gateway, proxies ...");
  PSM_ASSIGN_OR_RETURN(
      std::unique_ptr<Stage> stage,
      Stage::SetUp({folder, programs, programs + "/../bench-contracts",
                    options.race.proxies},
                   clock));
  PSM_ASSIGN_OR_RETURN(const Results results,
                       RunRace(*stage, clock, options.race, interrupted, Say));
  report.rows = results.Rows();
  report.bars = CpuBars(results);

  // What fails here does not take the race with it.
  std::optional<double> first, again, memory;
  absl::Status beside = absl::OkStatus();
  if (!options.race_only) {
    Say("1,000 connections ...");
    absl::StatusOr<std::int64_t> kib =
        MemoryWithConnections(*stage, clock, kManyConnections);
    if (kib.ok()) memory = static_cast<double>(*kib) / 1024;
    beside.Update(kib.status());
    stage.reset();
    Say("a whole mesh ...");
    absl::StatusOr<MeshUp> up =
        TimeMeshUp(folder + "/mesh", programs, PSM_SOURCE_ROOT, clock);
    if (up.ok()) {
      first = absl::ToDoubleSeconds(up->first);
      again = absl::ToDoubleSeconds(up->again);
    }
    beside.Update(up.status());
  }
  report.bars.push_back(Hold("gateway's peak memory with 1,000 connections",
                             memory, kGatewayMib, "MiB", /*strictly=*/true));
  report.bars.push_back(Hold("whole mesh up, the first time", first,
                             kMeshUpSeconds, "s", /*strictly=*/true));
  report.bars.push_back(Hold("whole mesh up again", again, kMeshUpSeconds, "s",
                             /*strictly=*/true));

  const std::string file = options.run + "/bench.json";
  PSM_RETURN_IF_ERROR(
      WriteWholeFile(file, JsonOf(report), kPublic, Outlives::kProcess));
  std::printf("%s\nwritten to %s\n", TextOf(report).c_str(), file.c_str());
  return beside;
}

void ListenForInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = true; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int Main(int argc, char** argv) {
  Options options;
  options.race.proxies = ProxyNames();
  CLI::App app(
      "Measures what a call costs through the gateway and through proxies, "
      "mutual TLS on both sides. Unofficial prototype (非公式の試作).");
  app.add_option("--run", options.run,
                 "Folder for bench.json, and for what it needs in bench/ "
                 "(made anew)")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->required();
  app.add_option("--proxies", options.race.proxies,
                 "Whom to race against; \"\" for nobody")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--concurrency", options.race.concurrency,
                 "Calls under way at any time")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--connections", options.race.connections,
                 "Connections that they are spread over")
      ->delimiter(',')
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
  app.add_option("--rounds", options.race.rounds, "Runs of each")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Measured in each run")
      ->check(CLI::Range(0.01, 600.0))
      ->capture_default_str();
  app.add_flag("--race-only", options.race_only,
               "Leave out 1,000 connections and the whole mesh");
  app.add_option("--revision", options.revision, "Of psm, for bench.json")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_flag("--yes", options.yes,
               "Do not ask before installing packages (seen by the script)");
  app.footer(
      "Examples:\n"
      "  ./psm bench\n"
      "  ./psm bench --rounds 5 --proxies haproxy\n"
      "  ./psm bench --race-only --concurrency 64 --connections 1");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  std::vector<std::string>& proxies = options.race.proxies;
  proxies.erase(std::remove(proxies.begin(), proxies.end(), ""), proxies.end());
  for (const std::string& proxy : proxies) {
    const std::vector<std::string>& known = ProxyNames();
    if (std::count(known.begin(), known.end(), proxy) > 0) continue;
    Say(absl::StrCat("psm: there is no proxy '", proxy, "' to race against; ",
                     absl::StrJoin(known, ", ")));
    return kUsage;
  }
  options.race.measured = absl::Seconds(options.seconds);
  options.race.warm_up = std::min(options.race.warm_up, options.race.measured);
  options.run = fs::absolute(options.run).lexically_normal().string();

  ListenForInterrupts();
  InitLog("psm-bench");
  RaiseDescriptorLimit();
  const std::string programs =
      fs::read_symlink("/proc/self/exe").parent_path().string();
  absl::Status measured = MakeFolder(options.run, Outlives::kProcess);
  if (measured.ok()) measured = Measure(options, programs);
  if (measured.ok()) return 0;
  Say(absl::StrCat("psm: ", measured.message()));
  return 1;
}

}  // namespace
}  // namespace psm::bench

int main(int argc, char** argv) { return psm::bench::Main(argc, argv); }
