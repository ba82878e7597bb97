// up.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/environment_lines.h"
#include "mesh/cli/help_page.h"
#include "mesh/cli/interrupt.h"
#include "mesh/cli/verb.h"
#include "mesh/gateway/policy_loader.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

void Say(absl::string_view step) {
  std::fprintf(stderr, "  %s\n", std::string(step).c_str());
}

// The project's own folders and those that are asked for.
std::vector<std::string> Folders(const CommandLine& line,
                                 const UpOptions& options) {
  std::vector<std::string> folders = {line.source_root + "/services",
                                      line.programs + "/../contracts"};
  for (const std::string& folder : options.configuration)
    folders.push_back(fs::absolute(folder).string());
  for (std::string& folder : folders)
    folder = fs::path(folder).lexically_normal().string();
  return folders;
}

// The mesh that runs here, or null.
std::unique_ptr<Launcher> Running(const CommandLine& line) {
  absl::StatusOr<std::unique_ptr<Launcher>> mesh = OpenMesh(line);
  if (!mesh.ok()) return nullptr;
  const std::vector<SystemState> states = (*mesh)->States();
  const bool runs =
      std::any_of(states.begin(), states.end(),
                  [](const auto& state) { return state.running; });
  return runs ? *std::move(mesh) : nullptr;
}

// What a mesh that runs was started with, and what is asked for now.
LaunchOptions Extended(const Launcher& running, const CommandLine& line,
                       const UpOptions& options) {
  LaunchOptions launch = running.options();
  for (const std::string& folder : Folders(line, options)) {
    if (std::count(launch.configuration.begin(), launch.configuration.end(),
                   folder) == 0)
      launch.configuration.push_back(folder);
  }
  launch.without.insert(launch.without.end(), options.without.begin(),
                        options.without.end());
  return launch;
}

// The people of a run folder are made once, at its first start: whoever asks
// for others later is told.
void KeepThePeople(const CommandLine& line, LaunchOptions& launch) {
  const absl::StatusOr<LaunchOptions> made = ReadSettings(line.run);
  if (!made.ok()) return;
  const LaunchOptions usual;
  const auto asked_for_another = [](auto now, auto then, auto otherwise) {
    return now != then && now != otherwise;
  };
  if (asked_for_another(launch.residents, made->residents, usual.residents) ||
      asked_for_another(launch.businesses, made->businesses,
                        usual.businesses) ||
      asked_for_another(launch.seed, made->seed, usual.seed)) {
    Say(absl::StrCat("the ", made->residents, " residents and ",
                     made->businesses, " businesses (seed ", made->seed,
                     ") that ", line.run,
                     " was started with; other ones need another --run"));
  }
  launch.residents = made->residents;
  launch.businesses = made->businesses;
  launch.seed = made->seed;
}

// What a mesh that does not run is to be started with.
LaunchOptions Asked(const CommandLine& line, const UpOptions& options) {
  LaunchOptions launch;
  launch.run = line.run;
  launch.programs = line.programs;
  launch.configuration = Folders(line, options);
  launch.port = options.port;
  launch.admin_port = options.admin_port;
  launch.residents = options.residents;
  launch.businesses = options.businesses;
  launch.seed = options.seed;
  launch.without = options.without;
  KeepThePeople(line, launch);
  return launch;
}

// A clear sentence before anything is started, where a log line would say it
// later.
absl::Status CheckPortIsFree(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool free =
      bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  if (free) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("port ", port,
                   " of 127.0.0.1 is taken; choose another with "
                   "--port N, or any free one with --port 0"));
}

}  // namespace

// One psm at a time changes a run folder. The lock goes with the process.
absl::Status LockRunFolder(const std::string& run) {
  std::error_code error;
  fs::create_directories(run, error);
  if (error)
    return absl::UnavailableError(absl::StrCat("cannot make the run folder ",
                                               run, ": ", error.message()));
  const std::string file = RunFolder(run).Lock();
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", file));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "another psm is at work on ", run, "; wait for it to end"));
  }
  return absl::OkStatus();
}

void AddUpOptions(CLI::App& verb, UpOptions& options) {
  verb.add_option("--config", options.configuration,
                  "A configuration folder of your own, merged with the "
                  "project's; repeatable");
  verb.add_option("--port", options.port,
                  "Port of the gateway on 127.0.0.1; 0 takes any")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  verb.add_option("--admin-port", options.admin_port,
                  "Port on 127.0.0.1 where the gateway serves its log over "
                  "HTTP; 0 takes any")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  verb.add_option("--residents", options.residents,
                  "Synthetic residents made at the first start")
      ->check(CLI::Range(8, 10000000))
      ->capture_default_str();
  verb.add_option("--businesses", options.businesses,
                  "Synthetic businesses made at the first start")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  verb.add_option("--seed", options.seed,
                  "What the synthetic people are made from")
      ->capture_default_str();
  verb.add_option(
      "--without", options.without,
      "A system to leave out, to start it in a debugger; repeatable");
  verb.add_option("--env", options.environment_file,
                  "Write the variables of the started mesh into this file");
}

absl::StatusOr<std::unique_ptr<Launcher>> BringUp(const CommandLine& line,
                                                  const UpOptions& options) {
  PSM_RETURN_IF_ERROR(LockRunFolder(line.run));
  PSM_RETURN_IF_ERROR(CheckRunFolderFormat(line.run));
  const std::unique_ptr<Launcher> running = Running(line);
  LaunchOptions launch = running != nullptr ? Extended(*running, line, options)
                                            : Asked(line, options);
  const bool grows = running != nullptr &&
                     launch.configuration != running->options().configuration;
  // The gateway checks it all the same. Here nothing has been touched yet.
  PSM_RETURN_IF_ERROR(LoadPolicy(launch.configuration).status());
  launch.interrupted = &interrupted;
  ListenForInterrupts();
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                       Launcher::Create(std::move(launch)));
  if (running == nullptr) PSM_RETURN_IF_ERROR(CheckPortIsFree(options.port));
  if (running == nullptr || grows) PSM_RETURN_IF_ERROR(launcher->Prepare(Say));
  // Start refuses, and says so, where nothing is down.
  PSM_RETURN_IF_ERROR(grows ? launcher->Extend(Say) : launcher->Start(Say));
  if (!options.environment_file.empty()) {
    PSM_RETURN_IF_ERROR(
        WriteWholeFile(options.environment_file,
                       EnvironmentLines(launcher->folder(), "portal/terminal"),
                       kPrivate, Outlives::kProcess));
  }
  return launcher;
}

void AddUp(CLI::App& app, CommandLine& line) {
  CLI::App* verb =
      app.add_subcommand("up", "Start the mesh and leave it running");
  verb->footer(
      "Examples:\n"
      "  ./psm up\n"
      "  ./psm up --without akatsuki/benefits      prints the command line to "
      "start it in a debugger\n"
      "  ./psm up --port 0 --env mesh.env          for tests in other "
      "languages\n"
      "  ./psm up --config my-agency               with an agency of your own; "
      "a mesh that runs takes it in");
  auto* options = new UpOptions;  // lives as long as the program
  AddUpOptions(*verb, *options);
  verb->callback([&line, options] {
    line.chosen = [&line, options]() -> absl::Status {
      std::fprintf(stderr, "%s\n", kNotice);
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                           BringUp(line, *options));
      std::printf("The mesh is up: gateway at %s, its log at %s.\n",
                  launcher->States().front().endpoint.c_str(),
                  LogUrl(launcher->folder()).c_str());
      for (const std::string& system : options->without) {
        std::printf("Left out: start it with\n  %s\n",
                    launcher->CommandLine(system).c_str());
      }
      PrintWrapped(
          "Next: ./psm people, ./psm watch, ./psm call --help; ./psm down "
          "stops it.\n");
      return absl::OkStatus();
    };
  });
}

}  // namespace psm
