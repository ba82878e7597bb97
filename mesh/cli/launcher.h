// Brings a whole mesh up and down: what `psm up` and the tests' Mesh fixture
// share. Knows no agency: the configuration says what to start.
#ifndef PSM_MESH_CLI_LAUNCHER_H_
#define PSM_MESH_CLI_LAUNCHER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mesh/cli/launch_settings.h"
#include "mesh/cli/process.h"
#include "mesh/cli/run_folder.h"

namespace psm {

struct SystemState {
  std::string id;
  std::string program;  // path; empty: nothing is started for it
  bool running = false;
  ProcessName process;   // where running
  std::string endpoint;  // where serving
};

// Thread-compatible. Does not stop anything when it goes: `psm up` leaves the
// mesh running.
class Launcher {
 public:
  using Progress = absl::FunctionRef<void(absl::string_view step)>;

  // Reads the configuration and finds the programs. INVALID_ARGUMENT for a bad
  // configuration or a system of `without` that it does not have; NOT_FOUND for
  // a program that is not there.
  static absl::StatusOr<std::unique_ptr<Launcher>> Create(
      LaunchOptions options);
  ~Launcher();

  // Makes what the run folder lacks: certificates, subject master key,
  // synthetic people, cards; renews certificates past half their life (once the
  // mesh is up, kRenewalProcess does). Safe to repeat.
  absl::Status Prepare(Progress progress);

  // Starts every system and who renews their certificates, then the gateway,
  // and returns when all serve. Of a mesh that runs in part, what is down.
  // ALREADY_EXISTS where all of it runs; an error that names the log and its
  // last lines where one of them does not come up: all are stopped again then,
  // unless some ran before. What an earlier mesh that died left behind is
  // cleared away first.
  absl::Status Start(Progress progress);

  // Brings a mesh that runs to this configuration: the gateway is started anew
  // with it, systems that run go on, those that do not are started. Call
  // Prepare first. Errors name the log; what came up goes on running.
  absl::Status Extend(Progress progress);

  // One system, or `mesh/gateway`. Waits until it serves; until it has ended.
  absl::Status StartOne(absl::string_view system);
  absl::Status StopOne(absl::string_view system,
                       absl::Duration patience = absl::Seconds(12));

  // As StopAll, of this run folder.
  absl::Status Stop();

  // All systems of the configuration, and the gateway, which comes first, and
  // kRenewalProcess, which comes last and has no endpoint.
  std::vector<SystemState> States() const;

  // What a developer types into a debugger instead.
  std::string CommandLine(absl::string_view system) const;

  // Whether it was asked not to be started here.
  bool LeftOut(absl::string_view system) const;

  const RunFolder& folder() const { return folder_; }
  const LaunchOptions& options() const { return options_; }

 private:
  struct Member {
    std::string id;
    std::vector<std::string> command;  // empty: nothing is started
  };
  explicit Launcher(LaunchOptions options)
      : options_(std::move(options)), folder_(options_.run) {}
  const Member* Find(absl::string_view system) const;
  absl::Status Launch(const Member& member);
  absl::Status AwaitServing(const Member& member);
  // What a process writes once it does what it is for.
  std::string SignOfLife(const Member& member) const;
  absl::Status AwaitLaunched(const Member& member, Progress progress);
  absl::Status LaunchAll(Progress progress);  // that do not run
  absl::Status CheckNotInterrupted() const;   // CANCELLED
  void ForgetTheDead() const;
  absl::Status MakeFolders() const;
  SpawnOptions Tool(std::vector<std::string> command) const;

  const LaunchOptions options_;
  const RunFolder folder_;
  std::vector<Member> members_;  // the gateway first
};

// Whatever was started in this run folder and not stopped, whatever its
// configuration says by now: the gateway, which comes first, and systems by id.
// `program` stays empty.
std::vector<SystemState> StartedIn(const RunFolder& folder);

// Where the gateway of this run folder serves its log, "http://.../"; "" where
// it does not.
std::string LogUrl(const RunFolder& folder);

// Stops whatever was started in this run folder, whatever its configuration
// says by now: systems first, the gateway last. How many processes ran.
absl::StatusOr<int> StopAll(const RunFolder& folder);

}  // namespace psm

#endif  // PSM_MESH_CLI_LAUNCHER_H_
