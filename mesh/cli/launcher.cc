#include "mesh/cli/launcher.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/directory.h"
#include "mesh/subjects/subject_code.h"
#include "nlohmann/json.hpp"

namespace psm {
namespace {

namespace fs = std::filesystem;

// Where a `program` of the configuration lies: beside psm's own, or relative to
// the file that names it.
std::string ProgramPath(const LaunchOptions& options,
                        const Configuration& configuration,
                        const std::string& system, const std::string& program) {
  if (!absl::StrContains(program, "/"))
    return absl::StrCat(options.programs, "/", program);
  if (program.front() == '/') return program;
  for (const auto& [element, place] : configuration.origins) {
    if (element != absl::StrCat("system ", system)) continue;
    return (fs::path(place.substr(0, place.rfind(':'))).parent_path() / program)
        .lexically_normal()
        .string();
  }
  return program;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Launcher>> Launcher::Create(
    LaunchOptions options) {
  PSM_ASSIGN_OR_RETURN(Configuration configuration,
                       LoadConfiguration(options.configuration));
  std::unique_ptr<Launcher> launcher(new Launcher(std::move(options)));
  const LaunchOptions& given = launcher->options_;

  Member gateway{
      kGatewaySystem,
      {given.programs + "/psm-gateway", "--run", given.run, "--listen",
       absl::StrCat("127.0.0.1:", given.port), "--development"}};
  for (const std::string& folder : given.configuration) {
    gateway.command.insert(gateway.command.end(), {"--config", folder});
  }
  launcher->members_.push_back(std::move(gateway));
  for (const config::v1::System& system : configuration.mesh.systems()) {
    Member member{system.id(), {}};
    if (!system.program().empty()) {
      member.command = {
          ProgramPath(given, configuration, system.id(), system.program()),
          "--system", system.id(), "--run", given.run};
    }
    launcher->members_.push_back(std::move(member));
  }
  for (const Member& member : launcher->members_) {
    if (!member.command.empty() &&
        access(member.command.front().c_str(), X_OK) != 0) {
      return absl::NotFoundError(
          absl::StrCat(member.command.front(), ", the program of ", member.id,
                       ", is not there; build it first"));
    }
  }
  for (const std::string& system : given.without) {
    if (launcher->Find(system) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("no system ", system, "; psm status lists them"));
    }
  }
  return launcher;
}

Launcher::~Launcher() = default;

const Launcher::Member* Launcher::Find(absl::string_view system) const {
  auto found = std::find_if(members_.begin(), members_.end(),
                            [&](const Member& m) { return m.id == system; });
  return found == members_.end() ? nullptr : &*found;
}

absl::Status Launcher::MakeFolders() const {
  // What outlives a power cut, and what ends with the processes.
  constexpr std::pair<const char*, Outlives> kOfTheMesh[] = {
      {"", Outlives::kPowerCut},
      {"/keys", Outlives::kPowerCut},
      {"/records", Outlives::kPowerCut},
      {"/logs", Outlives::kProcess}};
  constexpr std::pair<const char*, Outlives> kOfAnAgency[] = {
      {"/databases/", Outlives::kPowerCut},
      {"/files/", Outlives::kPowerCut},
      {"/endpoints/", Outlives::kProcess},
      {"/pids/", Outlives::kProcess}};
  for (const auto& [kind, outlives] : kOfTheMesh)
    PSM_RETURN_IF_ERROR(MakeFolder(folder_.root() + kind, outlives));
  for (const Member& member : members_) {
    const std::string agency = member.id.substr(0, member.id.find('/'));
    for (const auto& [kind, outlives] : kOfAnAgency) {
      PSM_RETURN_IF_ERROR(
          MakeFolder(absl::StrCat(folder_.root(), kind, agency), outlives));
    }
  }
  return absl::OkStatus();
}

SpawnOptions Launcher::Tool(std::vector<std::string> command) const {
  command.front() = absl::StrCat(options_.programs, "/", command.front());
  SpawnOptions spawn;
  spawn.command = std::move(command);
  spawn.log = folder_.root() + "/logs/prepare.log";
  spawn.environment = options_.environment;
  return spawn;
}

absl::Status Launcher::Prepare(Progress progress) {
  PSM_RETURN_IF_ERROR(MakeFolders());
  if (!fs::exists(folder_.Trust())) {
    progress("certificate authority");
    PSM_RETURN_IF_ERROR(
        RunProgram(Tool({"psm-pki", "init", "--run", folder_.root()})));
  }
  progress("certificates");
  // A week, as the revocation lists: a mesh that is left running over a long
  // weekend still answers. Renewed here past half of it.
  std::vector<std::string> issue = {"psm-pki",      "issue",  "--run",
                                    folder_.root(), "--life", "168h"};
  for (const Member& member : members_) issue.push_back(member.id);
  PSM_RETURN_IF_ERROR(RunProgram(Tool(std::move(issue))));
  if (!fs::exists(folder_.MasterKey()))
    PSM_RETURN_IF_ERROR(CreateMasterKey(folder_.MasterKey()));
  if (!fs::exists(folder_.Personas())) {
    progress(absl::StrCat(options_.residents, " synthetic residents"));
    PSM_RETURN_IF_ERROR(
        RunProgram(Tool({"psm-generate", "--run", folder_.root(), "--residents",
                         absl::StrCat(options_.residents), "--businesses",
                         absl::StrCat(options_.businesses), "--seed",
                         absl::StrCat(options_.seed)})));
  }
  progress("virtual cards");
  PSM_RETURN_IF_ERROR(RunProgram(Tool({"psm-cards", "--run", folder_.root()})));
  return absl::OkStatus();
}

absl::Status Launcher::Launch(const Member& member) {
  std::error_code ignored;
  fs::remove(folder_.Endpoint(member.id), ignored);
  SpawnOptions spawn;
  spawn.command = member.command;
  spawn.log = folder_.Log(member.id);
  spawn.environment = options_.environment;
  spawn.dies_with_parent = options_.dies_with_parent;
  PSM_ASSIGN_OR_RETURN(ProcessName process, Spawn(spawn));
  return WriteProcessName(folder_.ProcessId(member.id), process);
}

absl::Status Launcher::AwaitServing(const Member& member) {
  PSM_ASSIGN_OR_RETURN(ProcessName process,
                       ReadProcessName(folder_.ProcessId(member.id)));
  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + options_.patience;
  // In slices, so that Ctrl-C is heard.
  for (;;) {
    absl::Status serving =
        AwaitFile(folder_.Endpoint(member.id), process, absl::Milliseconds(200))
            .status();
    if (serving.ok()) return serving;
    if (options_.interrupted != nullptr && *options_.interrupted) {
      return absl::CancelledError("interrupted");
    }
    if (!absl::IsDeadlineExceeded(serving) || clock.Monotonic() >= deadline) {
      return absl::UnavailableError(absl::StrCat(
          member.id, " did not come up; its log ", folder_.Log(member.id),
          " ends with:\n", LastLines(folder_.Log(member.id), 5)));
    }
  }
}

absl::Status Launcher::WriteSettings() const {
  nlohmann::ordered_json settings;
  settings["configuration"] = options_.configuration;
  settings["programs"] = options_.programs;
  settings["port"] = options_.port;
  settings["without"] = options_.without;
  std::ofstream out(folder_.Settings());
  out << settings.dump(2) << "\n";
  out.close();
  if (!out)
    return absl::UnavailableError(
        absl::StrCat("cannot write ", folder_.Settings()));
  return absl::OkStatus();
}

absl::Status Launcher::Start(Progress progress) {
  for (const SystemState& state : States()) {
    if (state.running) {
      return absl::AlreadyExistsError(absl::StrCat(
          "this mesh runs already (", state.id, ", process ", state.process.pid,
          "); ./psm status shows it, ./psm down stops it"));
    }
  }
  PSM_RETURN_IF_ERROR(MakeFolders());
  PSM_RETURN_IF_ERROR(WriteSettings());
  absl::Status started = LaunchAll(progress);
  if (!started.ok()) Stop().IgnoreError();
  return absl::IsCancelled(started)
             ? absl::CancelledError("interrupted; everything is stopped again")
             : started;
}

absl::Status Launcher::Extend(Progress progress) {
  PSM_RETURN_IF_ERROR(MakeFolders());
  PSM_RETURN_IF_ERROR(WriteSettings());
  PSM_RETURN_IF_ERROR(StopOne(kGatewaySystem));
  return LaunchAll(progress);
}

absl::Status Launcher::LaunchAll(Progress progress) {
  std::vector<const Member*> launched;
  for (const Member& member : members_) {
    const bool by_hand = std::count(options_.without.begin(),
                                    options_.without.end(), member.id) > 0;
    if (member.command.empty() || by_hand) continue;
    absl::StatusOr<ProcessName> process =
        ReadProcessName(folder_.ProcessId(member.id));
    if (process.ok() && IsRunning(*process)) continue;
    PSM_RETURN_IF_ERROR(Launch(member));
    launched.push_back(&member);
  }
  for (const Member* member : launched) {
    PSM_RETURN_IF_ERROR(AwaitServing(*member));
    progress(member->id);
  }
  return absl::OkStatus();
}

absl::Status Launcher::StartOne(absl::string_view system) {
  const Member* member = Find(system);
  if (member == nullptr || member->command.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "no system ", system, " with a program; ./psm status lists them"));
  }
  absl::StatusOr<ProcessName> process =
      ReadProcessName(folder_.ProcessId(system));
  if (process.ok() && IsRunning(*process))
    return absl::AlreadyExistsError(absl::StrCat(system, " runs already"));
  PSM_RETURN_IF_ERROR(Launch(*member));
  return AwaitServing(*member);
}

absl::Status Launcher::StopOne(absl::string_view system,
                               absl::Duration patience) {
  absl::StatusOr<ProcessName> process =
      ReadProcessName(folder_.ProcessId(system));
  if (!process.ok()) return absl::OkStatus();
  PSM_RETURN_IF_ERROR(StopProcess(*process, patience));
  std::error_code ignored;
  fs::remove(folder_.ProcessId(system), ignored);
  fs::remove(folder_.Endpoint(system), ignored);  // where it was killed
  return absl::OkStatus();
}

absl::Status Launcher::Stop() {
  // All are told at once and then waited for, the gateway last, so that
  // nobody's calls end half-way.
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    if (member->id == kGatewaySystem) continue;
    absl::StatusOr<ProcessName> process =
        ReadProcessName(folder_.ProcessId(member->id));
    if (process.ok()) SignalProcess(*process, SIGTERM).IgnoreError();
  }
  absl::Status stopped;
  for (auto member = members_.rbegin(); member != members_.rend(); ++member)
    stopped.Update(StopOne(member->id));
  return stopped;
}

std::vector<SystemState> Launcher::States() const {
  std::vector<SystemState> states;
  for (const Member& member : members_) {
    SystemState state;
    state.id = member.id;
    if (!member.command.empty()) state.program = member.command.front();
    absl::StatusOr<ProcessName> process =
        ReadProcessName(folder_.ProcessId(member.id));
    if (process.ok() && IsRunning(*process)) {
      state.running = true;
      state.process = *process;
    }
    std::ifstream endpoint(folder_.Endpoint(member.id));
    std::getline(endpoint, state.endpoint);
    states.push_back(std::move(state));
  }
  return states;
}

std::string Launcher::CommandLine(absl::string_view system) const {
  const Member* member = Find(system);
  return member == nullptr ? "" : absl::StrJoin(member->command, " ");
}

absl::StatusOr<LaunchOptions> ReadSettings(const std::string& run) {
  std::ifstream in(RunFolder(run).Settings());
  nlohmann::json settings =
      nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object()) {
    return absl::NotFoundError(
        absl::StrCat("no mesh was started in ", run, "; ./psm up starts one"));
  }
  LaunchOptions options;
  options.run = run;
  options.configuration =
      settings.value("configuration", std::vector<std::string>());
  options.programs = settings.value("programs", "");
  options.port = settings.value("port", 7443);
  options.without = settings.value("without", std::vector<std::string>());
  return options;
}

}  // namespace psm
