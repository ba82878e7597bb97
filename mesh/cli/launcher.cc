#include "mesh/cli/launcher.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"
#include "mesh/directory/renewal_process.h"
#include "mesh/records/log_key.h"
#include "mesh/subjects/subject_code.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

// For one process to end by itself.
constexpr absl::Duration kPatience = absl::Seconds(12);

// What a process that was killed leaves behind. Others would go on dialling
// its address, and somebody else may listen there by now.
void ForgetEndpoint(const RunFolder& folder, absl::string_view system) {
  std::error_code ignored;
  fs::remove(folder.Endpoint(system), ignored);
  if (system == kGatewaySystem) fs::remove(folder.AdminEndpoint(), ignored);
}

}  // namespace

Launcher::~Launcher() = default;

absl::Status Launcher::MakeFolders() const {
  // What outlives a power cut, and what ends with the processes.
  constexpr std::pair<const char*, Outlives> kOfTheMesh[] = {
      {"", Outlives::kPowerCut},
      {"/keys", Outlives::kPowerCut},
      {"/records", Outlives::kPowerCut},
      {"/kept", Outlives::kPowerCut},
      {"/in-force/mesh", Outlives::kProcess},
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

absl::Status Launcher::CheckNotInterrupted() const {
  return options_.interrupted != nullptr && *options_.interrupted
             ? absl::CancelledError("interrupted; nothing was started")
             : absl::OkStatus();
}

absl::Status Launcher::Prepare(Progress progress) {
  PSM_RETURN_IF_ERROR(MakeFolders());
  if (!fs::exists(folder_.Trust())) {
    progress("certificate authority");
    PSM_RETURN_IF_ERROR(
        RunProgram(Tool({"psm-pki", "init", "--run", folder_.root()})));
  }
  progress("certificates");
  // A week, as the revocation lists: a mesh whose certificates nobody renews
  // still answers over a long weekend.
  std::vector<std::string> issue = {"psm-pki",      "issue",  "--run",
                                    folder_.root(), "--life", "168h"};
  for (const Member& member : members_) {
    if (member.id != kRenewalProcess) issue.push_back(member.id);
  }
  PSM_RETURN_IF_ERROR(RunProgram(Tool(std::move(issue))));
  PSM_RETURN_IF_ERROR(CheckNotInterrupted());
  if (!fs::exists(folder_.MasterKey()))
    PSM_RETURN_IF_ERROR(CreateMasterKey(folder_.MasterKey()));
  if (!fs::exists(folder_.LogKey())) {
    PSM_RETURN_IF_ERROR(CreateLogKey(folder_.LogKey(), LogOrigin(kMainLog)));
  }
  if (!fs::exists(folder_.Personas())) {
    progress(absl::StrCat(options_.residents, " synthetic residents"));
    PSM_RETURN_IF_ERROR(
        RunProgram(Tool({"psm-generate", "--run", folder_.root(), "--residents",
                         absl::StrCat(options_.residents), "--businesses",
                         absl::StrCat(options_.businesses), "--seed",
                         absl::StrCat(options_.seed)})));
  }
  progress("virtual cards");
  PSM_RETURN_IF_ERROR(CheckNotInterrupted());
  PSM_RETURN_IF_ERROR(RunProgram(Tool({"psm-cards", "--run", folder_.root()})));
  return CheckNotInterrupted();
}

std::string Launcher::SignOfLife(const Member& member) const {
  return member.id == kRenewalProcess ? folder_.InForce(member.id)
                                      : folder_.Endpoint(member.id);
}

absl::Status Launcher::Launch(const Member& member) {
  std::error_code ignored;
  fs::remove(SignOfLife(member), ignored);
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
        AwaitFile(SignOfLife(member), process, absl::Milliseconds(200))
            .status();
    if (serving.ok()) return serving;
    PSM_RETURN_IF_ERROR(CheckNotInterrupted());
    if (!absl::IsDeadlineExceeded(serving) || clock.Monotonic() >= deadline) {
      return absl::UnavailableError(absl::StrCat(
          member.id, " did not come up; its log ", folder_.Log(member.id),
          " ends with:\n", LastLines(folder_.Log(member.id), 5)));
    }
  }
}

absl::Status Launcher::Start(Progress progress) {
  bool some_run = false;
  bool some_are_down = false;
  for (const SystemState& state : States()) {
    const bool by_hand = LeftOut(state.id);
    some_run |= state.running;
    some_are_down |= !state.running && !state.program.empty() && !by_hand;
  }
  if (some_run && !some_are_down) {
    return absl::AlreadyExistsError(
        "this mesh runs already; ./psm status shows it, ./psm down stops it");
  }
  PSM_RETURN_IF_ERROR(MakeFolders());
  PSM_RETURN_IF_ERROR(WriteSettings(options_, options_.port));
  ForgetTheDead();
  absl::Status started = LaunchAll(progress);
  if (!started.ok() && !some_run) Stop().IgnoreError();
  return absl::IsCancelled(started) && !some_run
             ? absl::CancelledError("interrupted; everything is stopped again")
             : started;
}

absl::Status Launcher::Extend(Progress progress) {
  PSM_RETURN_IF_ERROR(MakeFolders());
  PSM_RETURN_IF_ERROR(WriteSettings(options_, options_.port));
  PSM_RETURN_IF_ERROR(StopOne(kGatewaySystem));
  return LaunchAll(progress);
}

void Launcher::ForgetTheDead() const {
  for (const SystemState& state : States()) {
    const bool by_hand = LeftOut(state.id);
    // One that was left out may have been started by hand already.
    if (state.running || by_hand) continue;
    std::error_code ignored;
    fs::remove(folder_.ProcessId(state.id), ignored);
    ForgetEndpoint(folder_, state.id);
  }
}

absl::Status Launcher::AwaitLaunched(const Member& member, Progress progress) {
  PSM_RETURN_IF_ERROR(AwaitServing(member));
  progress(member.id);
  return CheckNotInterrupted();
}

absl::Status Launcher::LaunchAll(Progress progress) {
  // The gateway last: it asks identity at once which consents are withdrawn.
  std::vector<const Member*> down;
  const Member* gateway = nullptr;
  for (const Member& member : members_) {
    const bool by_hand = LeftOut(member.id);
    if (member.command.empty() || by_hand) continue;
    absl::StatusOr<ProcessName> process =
        ReadProcessName(folder_.ProcessId(member.id));
    if (process.ok() && IsRunning(*process)) continue;
    if (member.id == kGatewaySystem) {
      gateway = &member;
    } else {
      PSM_RETURN_IF_ERROR(Launch(member));
      down.push_back(&member);
    }
  }
  for (const Member* member : down)
    PSM_RETURN_IF_ERROR(AwaitLaunched(*member, progress));
  if (gateway != nullptr) {
    PSM_RETURN_IF_ERROR(Launch(*gateway));
    PSM_RETURN_IF_ERROR(AwaitLaunched(*gateway, progress));
  }
  // The port that the gateway got, which it keeps when it is restarted: clients
  // were told it.
  const std::string endpoint = States().front().endpoint;
  int port = 0;
  if (!absl::SimpleAtoi(endpoint.substr(endpoint.rfind(':') + 1), &port))
    port = options_.port;
  return WriteSettings(options_, port);
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
  ForgetEndpoint(folder_, system);
  return absl::OkStatus();
}

absl::Status Launcher::Stop() { return StopAll(folder_).status(); }

std::vector<SystemState> StartedIn(const RunFolder& folder) {
  std::vector<SystemState> all;
  std::error_code none;
  for (fs::recursive_directory_iterator at(folder.ProcessId(""), none);
       !none && at != fs::recursive_directory_iterator(); at.increment(none)) {
    absl::StatusOr<ProcessName> process = ReadProcessName(at->path().string());
    if (!process.ok()) continue;
    SystemState state;
    state.id = absl::StrCat(at->path().parent_path().filename().string(), "/",
                            at->path().filename().string());
    state.process = *process;
    state.running = IsRunning(*process);
    std::ifstream endpoint(folder.Endpoint(state.id));
    std::getline(endpoint, state.endpoint);
    all.push_back(std::move(state));
  }
  std::sort(all.begin(), all.end(),
            [](const SystemState& a, const SystemState& b) {
              const bool first = a.id == kGatewaySystem;
              return first != (b.id == kGatewaySystem) ? first : a.id < b.id;
            });
  return all;
}

absl::StatusOr<int> StopAll(const RunFolder& folder) {
  std::vector<SystemState> all = StartedIn(folder);
  // All are told at once and then waited for, the gateway last, so that
  // nobody's calls end half-way.
  std::reverse(all.begin(), all.end());
  for (const SystemState& one : all) {
    if (one.id != kGatewaySystem)
      SignalProcess(one.process, SIGTERM).IgnoreError();
  }
  int running = 0;
  for (const SystemState& one : all) {
    running += one.running ? 1 : 0;
    PSM_RETURN_IF_ERROR(StopProcess(one.process, kPatience));
    std::error_code ignored;
    fs::remove(folder.ProcessId(one.id), ignored);
    ForgetEndpoint(folder, one.id);
  }
  return running;
}

std::string LogUrl(const RunFolder& folder) {
  std::ifstream in(folder.AdminEndpoint());
  std::string endpoint;
  std::getline(in, endpoint);
  return endpoint.empty() ? "" : absl::StrCat("http://", endpoint, "/");
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

}  // namespace psm
