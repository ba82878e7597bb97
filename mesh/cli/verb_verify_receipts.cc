// verify receipts: whether all that a system has been given proves what it
// asked and got.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "mesh/agency/gateway_channel.h"
#include "mesh/base/clock.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/kept_receipts.h"
#include "mesh/cli/log_trust.h"
#include "mesh/cli/receipt_file.h"
#include "mesh/cli/run_folder.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/directory/directory.h"
#include "mesh/records/reconciliation.h"

namespace psm {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

struct Options {
  std::string as;
  std::string key;
  bool list = false;
  bool offline = false;
};

// Asks for what has not been proved yet, as the system. Ends at the first
// question that is not answered: the rest would not be, either.
absl::Status ProveTheRest(const RunFolder& folder, const std::string& system,
                          const LogKeys& log, KeptReceipts& kept) {
  static const SystemClock clock;
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<Clock> told,
                       ClockFromEnvironment());
  const absl::Time now = told->Now();
  agency::GatewayChannel gateway(
      folder.Endpoint(kGatewaySystem),
      agency::CredentialFiles::In(folder.root(), system), clock);
  for (KeptReceipts::Leaf& leaf : kept.leaves) {
    if (leaf.proved || !leaf.finding.empty()) continue;
    const auto proofs =
        FetchProofs(gateway.Get(), leaf.entry.receipt(), kPatience);
    if (absl::IsFailedPrecondition(proofs.status())) {
      leaf.finding = FindingOfExpunged(leaf.entry, now);
      leaf.expunged = leaf.finding.empty();
      continue;
    }
    PSM_RETURN_IF_ERROR(proofs.status());
    leaf.finding = FindingOf(leaf.entry, proofs->front(), system, log);
    leaf.proved = leaf.finding.empty();
  }
  return absl::OkStatus();
}

absl::StatusOr<LogKeys> KeysNow(const RunFolder& folder,
                                const Options& options) {
  PSM_ASSIGN_OR_RETURN(
      const LogKeys trusted,
      ReadTrustedKeys(options.key.empty() ? folder.LogVerifierKey()
                                          : options.key));
  tlog::FolderSource log(folder.PublishedLog());
  return FollowShownKeys(log, trusted);
}

// What the system has kept, and what of it is proved. A log that changes its
// key meanwhile is looked at again with the key that it has then.
absl::StatusOr<KeptReceipts> Look(const RunFolder& folder,
                                  const std::string& system,
                                  const Options& options) {
  PSM_ASSIGN_OR_RETURN(LogKeys keys, KeysNow(folder, options));
  for (;;) {
    PSM_ASSIGN_OR_RETURN(KeptReceipts kept,
                         ReadKeptReceipts(folder.Ledger(system), system, keys));
    const absl::Status rest = options.offline
                                  ? absl::OkStatus()
                                  : ProveTheRest(folder, system, keys, kept);
    PSM_ASSIGN_OR_RETURN(const LogKeys now, KeysNow(folder, options));
    if (now.all().size() > keys.all().size()) {
      keys = now;
      continue;
    }
    if (!rest.ok()) {
      std::fprintf(stderr, "psm: %s: not proved yet: %s\n", system.c_str(),
                   std::string(rest.message()).c_str());
    }
    return kept;
  }
}

std::string StateOf(const KeptReceipts::Leaf& leaf) {
  if (leaf.proved) return "proved";
  if (leaf.expunged) return "expunged";
  return leaf.finding.empty() ? "not proved yet"
                              : absl::StrCat("PROVES NOTHING: ", leaf.finding);
}

std::string TimeOf(const records::v1::SideEntry& entry) {
  return absl::FormatTime("%m-%d %H:%M:%S",
                          absl::FromUnixSeconds(entry.time().seconds()),
                          absl::LocalTimeZone());
}

absl::Status VerifyReceipts(const CommandLine& line, const Options& options) {
  const RunFolder folder(line.run);
  std::vector<std::string> systems = {options.as};
  if (options.as.empty()) {
    PSM_ASSIGN_OR_RETURN(systems, SystemsWithLedger(folder.Ledgers()));
  }
  Table sums({"system", "answers", "receipts", "proved", "not yet", "wrong",
              "expunged"});
  Table list({"time", "system", "exchange", "leaf", "state"});
  std::uint64_t wrong = 0;
  std::uint64_t waiting = 0;
  for (const std::string& system : systems) {
    PSM_ASSIGN_OR_RETURN(const KeptReceipts kept,
                         Look(folder, system, options));
    std::uint64_t proved = 0;
    std::uint64_t bad = 0;
    std::uint64_t expunged = 0;
    for (const KeptReceipts::Leaf& leaf : kept.leaves) {
      if (leaf.proved) ++proved;
      if (!leaf.finding.empty()) ++bad;
      if (leaf.expunged) ++expunged;
      if (options.list || !leaf.finding.empty()) {
        list.Add({TimeOf(leaf.entry), system, leaf.entry.exchange_id(),
                  absl::StrCat(leaf.entry.receipt().leaves(0).index()),
                  StateOf(leaf)});
      }
    }
    wrong += bad;
    const std::uint64_t due = kept.leaves.size() - proved - bad - expunged;
    waiting += due;
    sums.Add({system, absl::StrCat(kept.answered),
              absl::StrCat(kept.leaves.size()), absl::StrCat(proved),
              absl::StrCat(due), absl::StrCat(bad), absl::StrCat(expunged)});
    if (kept.not_whole != 0) {
      std::fprintf(stderr, "psm: %s: %s lines of its ledger are not whole\n",
                   system.c_str(), absl::StrCat(kept.not_whole).c_str());
    }
  }
  if (systems.empty()) {
    std::printf("Nobody keeps receipts here yet.\n");
    return absl::OkStatus();
  }
  if (options.list || wrong != 0) std::fputs(list.Text().c_str(), stdout);
  std::fputs(sums.Text().c_str(), stdout);
  if (wrong != 0) {
    return absl::DataLossError(
        absl::StrCat(wrong, " receipts prove nothing; they are listed above"));
  }
  if (waiting != 0)
    return absl::UnavailableError(
        absl::StrCat(waiting, " receipts are not proved yet"));
  return absl::OkStatus();
}

}  // namespace

void AddVerifyReceipts(CLI::App& verb, CommandLine& line) {
  CLI::App* receipts = verb.add_subcommand(
      "receipts",
      "Checks all receipts that systems have kept of their exchanges: their "
      "proofs, with the log's public key alone, and that each record says what "
      "the system asked and got; exit code 1 where one does not hold or has no "
      "proof");
  receipts->footer(
      "Examples:\n"
      "  ./psm verify receipts\n"
      "  ./psm verify receipts --as akatsuki/benefits --list");
  auto* options = new Options;
  receipts->add_option("--as", options->as,
                       "Of this system, agency/system (default: of all)");
  receipts->add_option("--key", options->key,
                       "File with the log's verifying key, a vkey (default: "
                       "the run folder's)");
  receipts->add_flag("--list", options->list, "Each receipt, a line each");
  receipts->add_flag("--offline", options->offline,
                     "Do not ask the gateway for what is not proved yet");
  receipts->callback([&line, options] {
    line.chosen = [&line, options] { return VerifyReceipts(line, *options); };
  });
}

}  // namespace psm
