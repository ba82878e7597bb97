// down, status, restart, logs.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/follow_file.h"
#include "mesh/cli/interrupt.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"

namespace psm {
namespace fs = std::filesystem;

absl::StatusOr<std::unique_ptr<Launcher>> OpenMesh(const CommandLine& line) {
  PSM_ASSIGN_OR_RETURN(LaunchOptions options, ReadSettings(line.run));
  return Launcher::Create(std::move(options));
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
