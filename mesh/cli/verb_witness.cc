// verify witness: a second party that sees to it that the log only grows.
#include <poll.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/audit_lines.h"
#include "mesh/cli/interrupt.h"
#include "mesh/cli/log_trust.h"
#include "mesh/cli/run_folder.h"
#include "mesh/cli/verb.h"
#include "mesh/records/tlog/witness.h"
#include "mesh/records/witness_key.h"
#include "mesh/web/http_server.h"
#include "mesh/web/witness_desk.h"

namespace psm {
namespace {

using tlog::WitnessAnswer;
using tlog::WitnessOutcome;

struct Options {
  std::string log;
  std::string key;
  std::string state;
  std::string name = "psm.test/witness/local";
  std::string listen = "127.0.0.1:0";
  int every = 2;  // seconds
  bool once = false;
};

void Say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

std::string RefusalOf(const WitnessAnswer& answer) {
  return absl::StrCat("refused (", static_cast<int>(answer.outcome),
                      "): ", answer.reason);
}

// What was found at the last look at the log; says it where it is news.
class LastLook {
 public:
  absl::Status Take(const absl::StatusOr<WitnessAnswer>& answer,
                    const tlog::Witness& witness) {
    if (!answer.ok()) return News(answer.status());
    if (answer->outcome != WitnessOutcome::kCosigned)
      return News(absl::DataLossError(RefusalOf(*answer)));
    PSM_ASSIGN_OR_RETURN(const auto latest, witness.Latest());
    if (latest->size() != size_ || !status_.ok())
      Say(absl::StrCat("cosigned: tree ", Grouped(latest->size())));
    size_ = latest->size();
    status_ = absl::OkStatus();
    return status_;
  }

 private:
  absl::Status News(const absl::Status& status) {
    if (status != status_) Say(std::string(status.message()));
    status_ = status;
    return status_;
  }
  absl::Status status_;
  std::optional<std::uint64_t> size_;
};

absl::Status RunWitness(const CommandLine& line, const Options& options) {
  const RunFolder folder(line.run);
  PSM_ASSIGN_OR_RETURN(
      const LogKeys keys,
      ReadTrustedKeys(options.key.empty() ? folder.LogVerifierKey()
                                          : options.key));
  const std::string state =
      options.state.empty() ? folder.Witness() : options.state;
  PSM_ASSIGN_OR_RETURN(
      const std::unique_ptr<tlog::TileSource> log,
      SourceOf(options.log.empty() ? folder.PublishedLog() : options.log));
  PSM_ASSIGN_OR_RETURN(const tlog::Cosigner cosigner,
                       OpenWitnessKey(state + "/key.pem", options.name));
  const SystemClock clock;
  PSM_ASSIGN_OR_RETURN(
      const std::unique_ptr<tlog::Witness> witness,
      tlog::Witness::Open(state + "/log", keys.Clone(), cosigner, clock));
  LastLook look;
  if (options.once) return look.Take(witness->Follow(*log), *witness);

  web::WitnessDesk desk(*witness, [](const WitnessAnswer& answer) {
    if (answer.outcome != WitnessOutcome::kCosigned) Say(RefusalOf(answer));
  });
  web::HttpServerOptions served;
  served.address = options.listen;
  served.max_body_bytes = web::kMaxWitnessBody;
  PSM_ASSIGN_OR_RETURN(
      const std::unique_ptr<web::HttpServer> server,
      web::HttpServer::Start(served, [&desk](const web::HttpRequest& request) {
        return desk.Answer(request);
      }));
  const std::string url = absl::StrCat("http://", server->endpoint(), "/");
  PSM_RETURN_IF_ERROR(
      WriteWholeFile(state + "/url", url + "\n", kPublic, Outlives::kProcess));
  Say(absl::StrCat(options.name, " watches ", keys.origin(), "; ask it at ",
                   url, "\nits key: ", state, "/key.pem.vkey"));
  ListenForInterrupts();
  absl::Status last;
  while (!interrupted) {
    last = look.Take(witness->Follow(*log), *witness);
    poll(nullptr, 0, options.every * 1000);  // a signal ends it early
  }
  return last;
}

}  // namespace

void AddVerifyWitness(CLI::App& verify, CommandLine& line) {
  CLI::App* verb = verify.add_subcommand(
      "witness",
      "Watches a log as a second party: keeps the last checkpoint it has seen, "
      "cosigns those that grow from it (C2SP tlog-witness), and refuses and "
      "names a log that was rolled back or shows two histories");
  verb->footer(
      "Examples:\n"
      "  ./psm verify witness          until Ctrl-C, over HTTP\n"
      "  ./psm verify witness --once   one look, for cron; exit code 1 where "
      "it refuses\n"
      "  ./psm verify witness --log http://127.0.0.1:PORT/ --log-key FILE.vkey "
      "\\\n"
      "    --state DIR                 where the log's operator has no "
      "access\n"
      "  ./psm verify log --witness http://127.0.0.1:PORT/ --witness-key "
      "FILE.vkey\n"
      "                                what an auditor does with it");
  auto* options = new Options;
  verb->add_option("--log", options->log,
                   "Folder of the log, or the http:// address where it is "
                   "served (default: the run folder's)");
  verb->add_option("--log-key", options->key,
                   "File with the log's verifying key, a vkey, from which the "
                   "log leads on to later ones (default: the run folder's)");
  verb->add_option("--state", options->state,
                   "Folder with the witness's key and what it has seen "
                   "(default: witness of the run folder); whoever may write "
                   "there can make it forget");
  verb->add_option("--name", options->name, "Name of the witness's key")
      ->capture_default_str();
  verb->add_option("--listen", options->listen,
                   "Address and port; port 0 takes any")
      ->capture_default_str();
  verb->add_option("--every", options->every, "Seconds between two looks")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  verb->add_flag("--once", options->once, "One look at the log; no HTTP");
  verb->callback([&line, options] {
    line.chosen = [&line, options] { return RunWitness(line, *options); };
  });
}

}  // namespace psm
