#include "mesh/agency/agency.h"

#include <signal.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "grpc/support/log.h"
#include "mesh/agency/credentials.h"
#include "mesh/agency/gateway_channel.h"
#include "mesh/agency/peer_check.h"
#include "mesh/agency/receipt_prover.h"
#include "mesh/agency/run_folder.h"
#include "mesh/agency/server.h"
#include "mesh/base/descriptor_limit.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"

namespace psm::agency {
namespace {

constexpr int kBadConfiguration = 64;  // EX_USAGE of sysexits.h
constexpr absl::Duration kGrace = absl::Seconds(5);
// A handler that waits for ever does not keep the process: SIGALRM ends it.
constexpr unsigned kKillAfterSeconds = 10;

struct Flags {
  std::string system;
  std::string run;
  int port = 0;
};

std::string CheckSystemId(const std::string& text) {
  if (IsSystemId(text)) return "";
  return "give agency/system, both of lower-case letters, digits and -";
}

class Process : public Agency {
 public:
  Process(const Flags& flags, std::unique_ptr<Clock> clock,
          std::shared_ptr<SideLedger> ledger)
      : flags_(flags),
        agency_(flags.system.substr(0, flags.system.find('/'))),
        clock_(std::move(clock)),
        files_(CredentialFiles::In(flags.run, flags.system)),
        ledger_(std::move(ledger)),
        gateway_(absl::StrCat(flags.run, "/endpoints/mesh/gateway"), files_,
                 *clock_, ledger_) {}

  const std::string& system() const override { return flags_.system; }
  const std::string& agency_id() const override { return agency_; }
  const Clock& clock() const override { return *clock_; }

  absl::StatusOr<Database*> OpenDatabase(
      absl::Span<const Migration> migrations) override {
    const std::string file = RunPath("databases", ".sqlite");
    PSM_RETURN_IF_ERROR(MakeFolder(file.substr(0, file.rfind('/'))));
    PSM_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         Database::Open(file, migrations));
    return Own(std::move(database));
  }

  absl::StatusOr<std::string> FilesFolder() override {
    std::string folder = RunPath("files", "");
    PSM_RETURN_IF_ERROR(MakeFolder(folder));
    return folder;
  }

  std::string RunPath(absl::string_view kind,
                      absl::string_view suffix) const override {
    return absl::StrCat(flags_.run, "/", kind, "/", flags_.system, suffix);
  }

  std::shared_ptr<grpc::Channel> gateway() override { return gateway_.Get(); }

  absl::Status ForEachSeedLine(
      absl::FunctionRef<absl::Status(absl::string_view)> take) override {
    return ForEachLine(RunPath("seeds", ".jsonl"), take);
  }

  void Serve(std::unique_ptr<grpc::Service> service) override {
    services_.push_back(Own(std::move(service)));
  }

  // Listens until a signal of `stop` arrives.
  absl::Status Run(const sigset_t& stop) {
    PSM_ASSIGN_OR_RETURN(
        std::unique_ptr<Server> server,
        Server::Start(flags_.port, ServerCredentialsOf(files_, *clock_),
                      services_, ledger_.get()));
    const ReceiptThread receipts(
        {flags_.system, absl::StrCat(flags_.run, "/keys/log.pem.vkey")},
        *ledger_, [this] { return gateway(); }, *clock_);
    const std::string endpoint_file = RunPath("endpoints", "");
    const std::string endpoint = absl::StrCat("127.0.0.1:", server->port());
    PSM_RETURN_IF_ERROR(ReplaceFile(endpoint_file, endpoint));
    LogInfo("listening", {{"endpoint", endpoint}});
    int signal = 0;
    sigwait(&stop, &signal);
    LogInfo("stopping", {{"signal", absl::StrCat(signal)}});
    alarm(kKillAfterSeconds);
    // A successor may have written its own by now.
    absl::StatusOr<std::string> written = ReadFile(endpoint_file);
    if (written.ok() && *written == endpoint) unlink(endpoint_file.c_str());
    server->Stop(kGrace);
    return absl::OkStatus();
  }

 protected:
  void KeepAlive(std::shared_ptr<void> object) override {
    owned_.push_back(std::move(object));
  }

 public:
  // What was made last may point to what was made before.
  ~Process() override {
    while (!owned_.empty()) owned_.pop_back();
  }

 private:
  const Flags flags_;
  const std::string agency_;
  const std::unique_ptr<Clock> clock_;
  const CredentialFiles files_;
  const std::shared_ptr<SideLedger> ledger_;
  GatewayChannel gateway_;
  std::vector<std::shared_ptr<void>> owned_;
  std::vector<grpc::Service*> services_;  // owned by owned_
};

// gRPC writes lines of its own form to standard error, where a log line is one
// JSON object.
void LogFromGrpc(gpr_log_func_args* line) {
  if (line->severity == GPR_LOG_SEVERITY_ERROR)
    LogWarning("grpc", {{"message", line->message}});
}

int ExitCode(const absl::Status& status, bool serving) {
  if (status.ok()) return 0;
  LogError(
      serving ? "failed" : "refused_to_start",
      {{"error", status.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
  if (serving) return 1;
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
                 absl::IsFailedPrecondition(status)
             ? kBadConfiguration
             : 1;
}

}  // namespace

int Main(int argc, char** argv, absl::FunctionRef<absl::Status(Agency&)> wire) {
  Flags flags;
  CLI::App app("A system of the Public Service Mesh (unofficial prototype)");
  app.add_option("--system", flags.system, "agency/system that this process is")
      ->required()
      ->check(CheckSystemId);
  app.add_option("--run", flags.run, "folder with all state of the mesh")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--port", flags.port, "port on 127.0.0.1; 0: any")
      ->check(CLI::Range(0, 65535));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadConfiguration;
  }
  InitLog(flags.system);
  gpr_set_log_function(LogFromGrpc);
  // gRPC 1.51 never accepts again after it has once run out of them (library
  // trap 3).
  RaiseDescriptorLimit();
  // Blocked here, before any thread starts, so that only Run takes them.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  absl::StatusOr<std::unique_ptr<Clock>> clock = ClockFromEnvironment();
  if (!clock.ok()) return ExitCode(clock.status(), false);
  const CredentialFiles files = CredentialFiles::In(flags.run, flags.system);
  absl::Status identity =
      CheckIdentityFile(files.identity, SpiffeIdOf(flags.system));
  if (!identity.ok()) return ExitCode(identity, false);
  absl::Status trust =
      CheckTrustFiles({PeerRole::kServer, SpiffeIdOf(flags.system), files.trust,
                       files.crl, files.identity},
                      (*clock)->Now());
  if (!trust.ok()) return ExitCode(trust, false);
  absl::StatusOr<std::unique_ptr<SideLedger>> ledger = SideLedger::Open(
      {absl::StrCat(flags.run, "/ledger/", flags.system)}, **clock);
  if (!ledger.ok()) return ExitCode(ledger.status(), true);
  Process process(flags, *std::move(clock), *std::move(ledger));
  if (absl::Status wired = wire(process); !wired.ok())
    return ExitCode(wired, false);
  return ExitCode(process.Run(stop), true);
}

}  // namespace psm::agency
