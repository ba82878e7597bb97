// verify: whether the log, or a receipt, holds. Asks no process and needs no
// private key.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/error.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/audit_lines.h"
#include "mesh/cli/log_trust.h"
#include "mesh/cli/receipt_file.h"
#include "mesh/cli/run_folder.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/records/audit.h"
#include "mesh/records/log_key.h"
#include "mesh/records/receipt.h"
#include "mesh/web/log_source.h"
#include "mesh/web/witnessed.h"

namespace psm {
namespace {

struct Options {
  std::string log;
  std::string key;
  std::string records;
  bool no_records = false;
  std::string state;
  std::string witness;
  std::string witness_key;
  bool every_signature = false;
};

// The records are looked at where they are this log's and can be read.
std::string RecordsOf(const RunFolder& folder, const Options& options) {
  if (options.no_records) return "";
  if (!options.records.empty()) return options.records;
  const bool readable = access(folder.Records().c_str(), R_OK | X_OK) == 0;
  return options.log.empty() && readable ? folder.Records() : "";
}

// Asked before the log is looked at, so that the log cannot be the older one.
absl::StatusOr<std::optional<KeptCheckpoint>> WitnessedBy(
    const RunFolder& folder, const Options& options, LogKeys& keys,
    tlog::TileSource& log) {
  if (options.witness.empty()) return std::nullopt;
  PSM_ASSIGN_OR_RETURN(const tlog::VerifierKey key,
                       ReadLogVerifier(options.witness_key.empty()
                                           ? folder.Witness() + "/key.pem.vkey"
                                           : options.witness_key));
  PSM_ASSIGN_OR_RETURN(web::Witnessed seen,
                       web::AskWitness(options.witness, keys, log, key));
  return KeptCheckpoint{std::move(seen.checkpoint), seen.time};
}

absl::Status VerifyLog(const CommandLine& line, const Options& options) {
  const RunFolder folder(line.run);
  AuditOptions audit;
  audit.log = options.log.empty() ? folder.PublishedLog() : options.log;
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<tlog::TileSource> log,
                       SourceOf(audit.log));
  if (web::IsUrl(audit.log)) audit.served = log.get();
  PSM_ASSIGN_OR_RETURN(
      const LogKeys trusted,
      ReadTrustedKeys(options.key.empty() ? folder.LogVerifierKey()
                                          : options.key));
  PSM_ASSIGN_OR_RETURN(LogKeys keys, FollowShownKeys(*log, trusted));
  const std::string state = options.state.empty()
                                ? folder.KeptCheckpoint(keys.origin())
                                : options.state;
  audit.records = RecordsOf(folder, options);
  audit.every_signature = options.every_signature;
  PSM_ASSIGN_OR_RETURN(audit.kept, ReadKeptCheckpoint(state, keys));
  PSM_ASSIGN_OR_RETURN(audit.witnessed,
                       WitnessedBy(folder, options, keys, *log));
  absl::StatusOr<AuditReport> report = AuditLog(audit, keys, SystemClock());
  if (absl::IsNotFound(report.status())) {
    return absl::NotFoundError(
        absl::StrCat("cannot read the log: ", report.status().message()));
  }
  PSM_RETURN_IF_ERROR(report.status());
  for (const std::string& text :
       AuditLines(*report, audit.kept, audit.witnessed)) {
    for (const std::string& row : Wrap(text, TerminalWidth())) {
      std::printf("%s\n", row.c_str());
    }
  }
  if (report->finding.has_value()) {
    return absl::DataLossError(
        absl::StrCat("the log does not hold: ", FindingLine(*report->finding)));
  }
  return KeepCheckpoint(state, *report);
}

struct ReceiptOptions {
  std::string file;
  std::string key;
  std::string log;
};

absl::Status VerifyReceipt(const CommandLine& line,
                           const ReceiptOptions& options) {
  PSM_ASSIGN_OR_RETURN(
      LogKeys keys,
      ReadTrustedKeys(options.key.empty() ? RunFolder(line.run).LogVerifierKey()
                                          : options.key));
  if (!options.log.empty()) {
    PSM_ASSIGN_OR_RETURN(const std::unique_ptr<tlog::TileSource> log,
                         SourceOf(options.log));
    PSM_ASSIGN_OR_RETURN(keys, FollowShownKeys(*log, keys));
  }
  PSM_ASSIGN_OR_RETURN(const records::v1::ReceiptProofs receipt,
                       ReadReceiptFile(options.file));
  const absl::Status holds = VerifyReceiptProofs(receipt, keys);
  if (absl::IsFailedPrecondition(holds))
    return absl::DataLossError(
        absl::StrCat(options.file, " is ", holds.message()));
  if (!holds.ok()) {
    const bool may_lead_on =
        absl::IsPermissionDenied(holds) && options.log.empty();
    return absl::DataLossError(absl::StrCat(
        options.file, " proves nothing: ", holds.message(),
        may_lead_on ? "; where the log has changed its key, --log leads on"
                    : ""));
  }
  if (receipt.proofs_size() == 1) {
    std::printf("The receipt holds: the log has signed this record.\n");
  } else {
    std::printf(
        "The receipt holds: the log has signed all %d records of this "
        "exchange, one for each person whom it concerns.\n",
        receipt.proofs_size());
  }
  for (const std::string& text : ReceiptLines(receipt)) {
    for (const std::string& row : Wrap(text, TerminalWidth())) {
      std::printf("%s\n", row.c_str());
    }
  }
  return absl::OkStatus();
}

void AddVerifyReceipt(CLI::App& verb, CommandLine& line) {
  CLI::App* receipt = verb.add_subcommand(
      "receipt",
      "Checks a receipt that ./psm call --receipt FILE has kept, with the "
      "log's "
      "public key alone; exit code 1 where it does not hold");
  receipt->footer(
      "Examples:\n"
      "  ./psm verify receipt FILE\n"
      "  ./psm verify receipt FILE --key log.vkey    away from the mesh\n"
      "  ./psm verify receipt FILE --key log.vkey --log "
      "http://127.0.0.1:PORT/\n"
      "                                the log has changed its key since");
  auto* options = new ReceiptOptions;
  receipt->add_option("FILE", options->file, "The receipt")->required();
  receipt->add_option("--key", options->key,
                      "File with the log's verifying key, a vkey (default: the "
                      "run folder's)");
  receipt->add_option("--log", options->log,
                      "Folder of the published log, or the http:// address "
                      "where it is served: its file `keys` leads on from a key "
                      "that was trusted before the log changed it");
  receipt->callback([&line, options] {
    line.chosen = [&line, options] { return VerifyReceipt(line, *options); };
  });
}

}  // namespace

void AddVerify(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "verify",
      "Whether the record log, or a receipt, holds; no private key is needed");
  verb->footer(
      "Examples:\n  ./psm verify log\n  ./psm verify receipt FILE\n  ./psm "
      "verify receipts --as akatsuki/benefits\n  ./psm verify witness\n  ./psm "
      "verify log --help");
  verb->require_subcommand(1);
  AddVerifyReceipt(*verb, line);
  AddVerifyReceipts(*verb, line);
  AddVerifyWitness(*verb, line);
  CLI::App* log = verb->add_subcommand(
      "log",
      "Checks the whole log: tiles against entries, entries against records, "
      "signatures, and that it only grew since the checkpoint kept last time. "
      "Names the first entry that is bad; exit code 1 where one is");
  log->footer(
      "Examples:\n"
      "  ./psm verify log\n"
      "  ./psm verify log --state ~/.local/state/psm.checkpoint\n"
      "                                  keep it where the operator cannot\n"
      "  ./psm verify log --no-records   only what everybody can see\n"
      "  ./psm verify log --log FOLDER --key FILE.vkey\n"
      "                                  a copy of it, or somebody else's log\n"
      "  ./psm verify log --log http://127.0.0.1:PORT/ --key FILE.vkey\n"
      "                                  away from the folder (./psm status "
      "says the port)");
  auto* options = new Options;
  log->add_option("--log", options->log,
                  "Folder of the published log, or the http:// address where "
                  "it is served (default: the run folder's)");
  log->add_option("--key", options->key,
                  "File with the log's verifying key, a vkey (default: the run "
                  "folder's)");
  CLI::Option* records = log->add_option(
      "--records", options->records,
      "Folder of the records (default: the run folder's, where it can be read "
      "and --log is not given)");
  log->add_flag("--no-records", options->no_records, "Only what was published")
      ->excludes(records);
  log->add_option("--state", options->state,
                  "File with the checkpoint kept from audit to audit (default: "
                  "audit/ORIGIN.checkpoint of the run folder)");
  CLI::Option* witness = log->add_option(
      "--witness", options->witness,
      "http:// address of a witness; the log must have grown from what it has "
      "cosigned");
  log->add_option("--witness-key", options->witness_key,
                  "File with the witness's vkey (default: witness/key.pem.vkey "
                  "of the run folder)")
      ->needs(witness);
  log->add_flag("--every-signature", options->every_signature,
                "Verify the signature of every commit's head, 0.2 ms each; "
                "else of the first 1,024 and then ever fewer (roots are always "
                "compared)");
  log->callback([&line, options] {
    line.chosen = [&line, options] { return VerifyLog(line, *options); };
  });
}

}  // namespace psm
