// up, down, status, restart, logs.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/environment_lines.h"
#include "mesh/cli/follow_file.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/directory/directory.h"

namespace psm {

std::atomic<bool> interrupted{false};

namespace {

namespace fs = std::filesystem;

void ListenForInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) {
    interrupted = true;
  };  // without SA_RESTART: waits end early
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

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

absl::StatusOr<std::unique_ptr<Launcher>> OpenMesh(const CommandLine& line) {
  PSM_ASSIGN_OR_RETURN(LaunchOptions options, ReadSettings(line.run));
  return Launcher::Create(std::move(options));
}

void AddUpOptions(CLI::App& verb, UpOptions& options) {
  verb.add_option("--config", options.configuration,
                  "A configuration folder of your own, merged with the "
                  "project's; repeatable");
  verb.add_option("--port", options.port,
                  "Port of the gateway on 127.0.0.1; 0 takes any")
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
  LaunchOptions launch;
  launch.run = line.run;
  launch.programs = line.programs;
  launch.configuration = {line.source_root + "/services",
                          line.programs + "/../contracts"};
  for (const std::string& folder : options.configuration)
    launch.configuration.push_back(fs::absolute(folder).string());
  for (std::string& folder : launch.configuration)
    folder = fs::path(folder).lexically_normal().string();
  launch.port = options.port;
  launch.residents = options.residents;
  launch.businesses = options.businesses;
  launch.seed = options.seed;
  launch.without = options.without;
  launch.interrupted = &interrupted;
  ListenForInterrupts();
  PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                       Launcher::Create(std::move(launch)));
  auto say = [](absl::string_view step) {
    std::fprintf(stderr, "  %s\n", std::string(step).c_str());
  };
  for (const SystemState& state : launcher->States()) {
    if (state.running)
      return launcher->Start(say);  // which refuses, and says so
  }
  PSM_RETURN_IF_ERROR(CheckPortIsFree(options.port));
  PSM_RETURN_IF_ERROR(launcher->Prepare(say));
  PSM_RETURN_IF_ERROR(launcher->Start(say));
  if (!options.environment_file.empty()) {
    std::ofstream out(options.environment_file);
    out << EnvironmentLines(launcher->folder(), "portal/terminal");
    out.close();
    if (!out)
      return absl::UnavailableError(
          absl::StrCat("cannot write ", options.environment_file));
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
      "  ./psm up --config my-agency               with an agency of your own");
  auto* options = new UpOptions;  // lives as long as the program
  AddUpOptions(*verb, *options);
  verb->callback([&line, options] {
    line.chosen = [&line, options]() -> absl::Status {
      std::fprintf(stderr, "%s\n", kNotice);
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher,
                           BringUp(line, *options));
      std::printf("The mesh is up: gateway at %s.\n",
                  launcher->States().front().endpoint.c_str());
      for (const std::string& system : options->without) {
        std::printf("Left out: start it with\n  %s\n",
                    launcher->CommandLine(system).c_str());
      }
      std::printf(
          "Next: ./psm people, ./psm watch, ./psm call --help; ./psm down "
          "stops it.\n");
      return absl::OkStatus();
    };
  });
}

void AddDown(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "down", "Stop the mesh; its data stays in the run folder");
  verb->footer(
      "Examples:\n  ./psm down\n  ./psm down && rm -r .run      and forget "
      "everything");
  verb->callback([&line] {
    line.chosen = [&line]() -> absl::Status {
      PSM_RETURN_IF_ERROR(LockRunFolder(line.run));
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher, OpenMesh(line));
      int running = 0;
      for (const SystemState& state : launcher->States())
        running += state.running ? 1 : 0;
      PSM_RETURN_IF_ERROR(launcher->Stop());
      std::printf(
          running > 0 ? "Stopped %d processes.\n" : "Nothing was running.\n",
          running);
      return absl::OkStatus();
    };
  });
}

void AddStatus(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "status",
      "What runs, and where it listens; exit code 1 where something is down");
  verb->footer("Examples:\n  ./psm status");
  verb->callback([&line] {
    line.chosen = [&line]() -> absl::Status {
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher, OpenMesh(line));
      Table table({"system", "state", "pid", "endpoint"});
      int down = 0;
      for (const SystemState& state : launcher->States()) {
        const bool left_out =
            std::count(launcher->options().without.begin(),
                       launcher->options().without.end(), state.id) > 0;
        if (state.program.empty()) {
          table.Add({state.id, "client only", "", ""});
        } else if (state.running) {
          table.Add({state.id, "serving", absl::StrCat(state.process.pid),
                     state.endpoint});
        } else if (!state.endpoint.empty() && left_out) {
          table.Add({state.id, "by hand", "", state.endpoint});
        } else {
          ++down;
          table.Add({state.id, left_out ? "left out" : "down", "", ""});
        }
      }
      std::fputs(table.Text().c_str(), stdout);
      if (down > 0)
        return absl::FailedPreconditionError(
            absl::StrCat(down, " not running; ./psm logs SYSTEM may say why"));
      return absl::OkStatus();
    };
  });
}

void AddRestart(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "restart",
      "Rebuild and restart one system, or the gateway (mesh/gateway)");
  verb->footer(
      "Examples:\n  ./psm restart akatsuki/tax\n  ./psm restart mesh/gateway");
  auto* system = new std::string;
  verb->add_option("SYSTEM", *system, "agency/system")->required();
  verb->callback([&line, system] {
    line.chosen = [&line, system]() -> absl::Status {
      PSM_RETURN_IF_ERROR(LockRunFolder(line.run));
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher, OpenMesh(line));
      PSM_RETURN_IF_ERROR(launcher->StopOne(*system));
      PSM_RETURN_IF_ERROR(launcher->StartOne(*system));
      std::printf("%s serves again.\n", system->c_str());
      return absl::OkStatus();
    };
  });
}

void AddLogs(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "logs", "What the systems log: JSON lines, without personal data");
  verb->footer(
      "Examples:\n  ./psm logs                  the last lines of every "
      "system\n"
      "  ./psm logs mesh/gateway -f  follow one");
  struct Options {
    std::string system;
    int lines = 20;
    bool follow = false;
  };
  auto* options = new Options;
  verb->add_option("SYSTEM", options->system, "agency/system; without it, all");
  verb->add_option("-n,--lines", options->lines, "Last lines of each")
      ->capture_default_str();
  verb->add_flag("-f,--follow", options->follow,
                 "Go on as lines come; Ctrl-C ends it");
  verb->callback([&line, options] {
    line.chosen = [&line, options]() -> absl::Status {
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher, OpenMesh(line));
      bool known = options->system.empty();
      for (const SystemState& state : launcher->States()) {
        if (!options->system.empty() && state.id != options->system) continue;
        known = true;
        const std::string file = launcher->folder().Log(state.id);
        if (!fs::exists(file)) continue;
        if (options->system.empty()) std::printf("== %s\n", state.id.c_str());
        std::printf("%s\n", LastLines(file, options->lines).c_str());
      }
      if (!known)
        return absl::NotFoundError(absl::StrCat("no system ", options->system,
                                                "; ./psm status lists them"));
      if (!options->follow) return absl::OkStatus();
      if (options->system.empty())
        return absl::InvalidArgumentError("name a system to follow");
      std::fflush(stdout);
      ListenForInterrupts();
      return FollowFile(launcher->folder().Log(options->system), interrupted,
                        [](absl::string_view text) {
                          std::printf("%s\n", std::string(text).c_str());
                          std::fflush(stdout);
                        });
    };
  });
}

}  // namespace psm
