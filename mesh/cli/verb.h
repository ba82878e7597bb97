// The verbs of psm: each adds one subcommand, with help and examples, that runs
// and gives an exit code.
#ifndef PSM_MESH_CLI_VERB_H_
#define PSM_MESH_CLI_VERB_H_

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mesh/cli/launcher.h"

namespace psm {

// What all verbs share. Set up by main before any verb runs.
struct CommandLine {
  std::string run;          // absolute
  std::string programs;     // folder of psm's programs
  std::string source_root;  // of the checkout that built us
  absl::AnyInvocable<absl::Status()>
      chosen;  // what to do; set by the verb that was parsed
};

// Exit codes: 0; 1 where something failed; 64 where the command line or the
// configuration is wrong.
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 64;

// "Unofficial prototype ..." in both languages, for whatever a person reads
// first.
extern const char kNotice[];

void AddUp(CLI::App& app, CommandLine& line);
void AddDown(CLI::App& app, CommandLine& line);
void AddStatus(CLI::App& app, CommandLine& line);
void AddRestart(CLI::App& app, CommandLine& line);
void AddLogs(CLI::App& app, CommandLine& line);
void AddDemo(CLI::App& app, CommandLine& line);
void AddWatch(CLI::App& app, CommandLine& line);
void AddPeople(CLI::App& app, CommandLine& line);
void AddRecords(CLI::App& app, CommandLine& line);
void AddCheck(CLI::App& app, CommandLine& line);
void AddCall(CLI::App& app, CommandLine& line);
void AddEnv(CLI::App& app, CommandLine& line);
void AddPki(CLI::App& app, CommandLine& line);
void AddVerify(CLI::App& app, CommandLine& line);
// A part of verify.
void AddVerifyReceipts(CLI::App& verb, CommandLine& line);
void AddReconcile(CLI::App& app, CommandLine& line);
void AddVerifyWitness(CLI::App& verify, CommandLine& line);

// pki rotate-log: returns when the log goes on under its new key, or will when
// the gateway starts. UNAVAILABLE where the gateway cannot do it yet.
absl::Status RotateLogKey(const CommandLine& line);

// The mesh that was started in the run folder. NOT_FOUND, with what to do,
// where none was.
absl::StatusOr<std::unique_ptr<Launcher>> OpenMesh(const CommandLine& line);

// One psm at a time changes a run folder, which is made where it is missing.
// The lock goes with the process. FAILED_PRECONDITION where another has it.
absl::Status LockRunFolder(const std::string& run);

// Options that `up` and `demo` share, and what they do with them.
struct UpOptions {
  std::vector<std::string> configuration;  // added to the project's own
  int port = 7443;
  int admin_port = 0;
  int residents = 1000;
  int businesses = 50;
  std::uint64_t seed = 1;
  std::vector<std::string> without;
  std::string environment_file;
};
void AddUpOptions(CLI::App& verb, UpOptions& options);
// Starts the mesh. One that runs takes in the folders that it does not have
// yet; ALREADY_EXISTS where there are none.
absl::StatusOr<std::unique_ptr<Launcher>> BringUp(const CommandLine& line,
                                                  const UpOptions& options);

}  // namespace psm

#endif  // PSM_MESH_CLI_VERB_H_
