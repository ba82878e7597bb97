// down, status, restart.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/directory/renewal_process.h"

namespace psm {

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
      const absl::Status started = ReadSettings(line.run).status();
      if (absl::IsNotFound(started)) return started;
      PSM_RETURN_IF_ERROR(LockRunFolder(line.run));
      // Also where the configuration has an error by now.
      PSM_ASSIGN_OR_RETURN(int running, StopAll(RunFolder(line.run)));
      std::printf(running > 0 ? "Stopped %d %s.\n" : "Nothing was running.\n",
                  running, running == 1 ? "process" : "processes");
      return absl::OkStatus();
    };
  });
}

namespace {

// What was started and still shows, where the configuration cannot be read: the
// mesh goes on with the version before.
void ShowStarted(const RunFolder& folder) {
  Table table({"system", "state", "pid", "endpoint"});
  for (const SystemState& state : StartedIn(folder)) {
    const char* runs = state.id == kRenewalProcess ? "renewing" : "serving";
    table.Add({state.id, state.running ? runs : "down",
               state.running ? absl::StrCat(state.process.pid) : "",
               state.running ? state.endpoint : ""});
  }
  std::fputs(table.Text().c_str(), stdout);
}

}  // namespace

void AddStatus(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "status",
      "What runs, and where it listens; exit code 1 where something is down");
  verb->footer("Examples:\n  ./psm status");
  verb->callback([&line] {
    line.chosen = [&line]() -> absl::Status {
      PSM_RETURN_IF_ERROR(ReadSettings(line.run).status());
      absl::StatusOr<std::unique_ptr<Launcher>> opened = OpenMesh(line);
      if (!opened.ok()) {
        ShowStarted(RunFolder(line.run));
        return opened.status();
      }
      const std::unique_ptr<Launcher> launcher = *std::move(opened);
      Table table({"system", "state", "pid", "endpoint"});
      int down = 0;
      for (const SystemState& state : launcher->States()) {
        const bool left_out = launcher->LeftOut(state.id);
        if (state.program.empty()) {
          table.Add({state.id, "client only", "", ""});
        } else if (state.running) {
          const bool serves = state.id != kRenewalProcess;
          table.Add({state.id, serves ? "serving" : "renewing",
                     absl::StrCat(state.process.pid), state.endpoint});
        } else if (!state.endpoint.empty() && left_out) {
          table.Add({state.id, "by hand", "", state.endpoint});
        } else if (left_out) {
          table.Add({state.id, "left out", "", ""});  // as was asked for
        } else {
          ++down;
          table.Add({state.id, "down", "", ""});
        }
      }
      std::fputs(table.Text().c_str(), stdout);
      if (const std::string url = LogUrl(launcher->folder()); !url.empty())
        std::printf("The log is served at %s\n", url.c_str());
      if (down > 0)
        return absl::FailedPreconditionError(
            absl::StrCat(down,
                         " not running; ./psm logs SYSTEM may say why, ./psm "
                         "up starts what is down"));
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

}  // namespace psm
