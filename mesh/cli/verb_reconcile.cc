// reconcile: consumer, provider and gateway, each by its own account.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/kept_receipts.h"
#include "mesh/cli/run_folder.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/records/reconciliation.h"
#include "mesh/records/record_reader.h"
#include "mesh/records/side_ledger.h"

namespace psm {
namespace {

struct Options {
  std::string from;
  std::string to;
  std::string as;
  std::string records;
  double grace = 60;  // seconds
  bool strict = false;
};

// "2026-11-22", "2026-11-22T13:00:00Z", or how long ago: "90m".
absl::StatusOr<absl::Time> ParseWhen(const std::string& text, absl::Time now,
                                     absl::Time otherwise) {
  if (text.empty()) return otherwise;
  absl::Duration ago;
  if (absl::ParseDuration(text, &ago)) return now - ago;
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error) ||
      absl::ParseTime("%Y-%m-%d", text, absl::LocalTimeZone(), &time, &error)) {
    return time;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(text,
                   " is no time: write 2026-11-22, "
                   "2026-11-22T13:00:00Z, or 90m for 90 minutes ago"));
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

const char* NameOf(Difference::Side side) {
  switch (side) {
    case Difference::Side::kConsumer:
      return "consumer";
    case Difference::Side::kProvider:
      return "provider";
    default:
      return "gateway";
  }
}

void Print(const ReconciliationReport& report) {
  for (const Difference& difference : report.differences) {
    const std::string text = absl::StrCat(
        TimeText(difference.time), "  exchange ", difference.exchange_id, " (",
        difference.method,
        "): ", difference.missing ? "missing at the " : "differs at the ",
        NameOf(difference.side), ": ", difference.what);
    for (const std::string& row : Wrap(text, TerminalWidth()))
      std::printf("%s\n", row.c_str());
  }
  std::string sum =
      absl::StrCat(report.exchanges, " exchanges compared, ", report.agreed,
                   " agree on every side that keeps one");
  if (report.one_sided != 0)
    absl::StrAppend(&sum, "; of ", report.one_sided,
                    " only the gateway keeps a side");
  if (report.unreleased != 0)
    absl::StrAppend(&sum, "; ", report.unreleased,
                    " were answered by a provider, not recorded, and not "
                    "released, as their consumers say (--strict names them)");
  if (report.expunged != 0)
    absl::StrAppend(&sum, "; of ", report.expunged,
                    " more the gateway's records were old enough to be "
                    "expunged, so its side cannot be compared");
  if (report.under_way != 0)
    absl::StrAppend(&sum, "; ", report.under_way,
                    " may be under way and are not judged (--grace)");
  for (const std::string& row : Wrap(sum + ".", TerminalWidth()))
    std::printf("%s\n", row.c_str());
}

absl::Status Reconcile(const CommandLine& line, const Options& options) {
  const RunFolder folder(line.run);
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock,
                       ClockFromEnvironment());
  const absl::Time now = clock->Now();
  ReconciliationPeriod period;
  PSM_ASSIGN_OR_RETURN(period.from,
                       ParseWhen(options.from, now, absl::InfinitePast()));
  PSM_ASSIGN_OR_RETURN(period.to,
                       ParseWhen(options.to, now, absl::InfiniteFuture()));
  period.settled = now - absl::Seconds(options.grace);
  period.strict = options.strict;

  Reconciliation all;
  PSM_RETURN_IF_ERROR(
      RecordReader(options.records.empty() ? folder.Records() : options.records)
          .Read(0,
                [&](std::uint64_t, const records::v1::Record& record) {
                  all.AddRecord(record);
                  return true;
                })
          .status());
  PSM_ASSIGN_OR_RETURN(const std::vector<std::string> systems,
                       SystemsWithLedger(folder.Ledgers()));
  for (const std::string& system : systems) {
    PSM_RETURN_IF_ERROR(
        ReadSide(folder.Ledger(system), {},
                 [&](const records::v1::SideEntry& entry, const SidePosition&) {
                   all.AddEntry(system, entry);
                   return true;
                 })
            .status());
  }
  const ReconciliationReport report = all.Compare(period, options.as);
  Print(report);
  if (report.differences.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(report.differences.size(),
                                          " differences between the sides"));
}

}  // namespace

void AddReconcile(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "reconcile",
      "Compares what consumers, providers and the gateway each have kept of "
      "their exchanges, and names what is missing on a side or differs; exit "
      "code 1 where something does");
  verb->footer(
      "Examples:\n"
      "  ./psm reconcile\n"
      "  ./psm reconcile --from 2026-11-01 --to 2026-12-01\n"
      "  ./psm reconcile --from 90m --as akatsuki/benefits");
  auto* options = new Options;
  verb->add_option("--from", options->from,
                   "Only exchanges asked for at or after this time: a date, a "
                   "time, or 90m for 90 minutes ago");
  verb->add_option("--to", options->to,
                   "Only those asked for before this time");
  verb->add_option("--as", options->as,
                   "Only those of which this system is a party");
  verb->add_option("--records", options->records,
                   "Folder of the gateway's records (default: the run "
                   "folder's)");
  verb->add_option("--grace", options->grace,
                   "Seconds that an exchange may take to be on every side")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86400.0));
  verb->add_flag("--strict", options->strict,
                 "Also name answers of providers that nobody recorded where "
                 "the consumer says that it was given an error (a full disk, a "
                 "gateway that died)");
  verb->callback([&line, options] {
    line.chosen = [&line, options] { return Reconcile(line, *options); };
  });
}

}  // namespace psm
