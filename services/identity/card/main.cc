// psm-cards: gives every persona of a run a virtual card.
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "mesh/base/clock.h"
#include "services/identity/card/issue_cards.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Issues synthetic, unofficial virtual cards to the personas of a run. "
      "Not "
      "My Number cards.");
  std::string run;
  app.add_option("--run", run, "Run folder")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 64;
  }

  absl::StatusOr<std::unique_ptr<psm::Clock>> clock =
      psm::ClockFromEnvironment();
  if (!clock.ok()) {
    std::fprintf(stderr, "psm-cards: %s\n",
                 std::string(clock.status().message()).c_str());
    return 64;
  }
  absl::StatusOr<psm::card::IssueReport> report =
      psm::card::IssueCards(run, **clock);
  if (!report.ok()) {
    std::fprintf(stderr, "psm-cards: %s\n",
                 std::string(report.status().message()).c_str());
    return absl::IsInvalidArgument(report.status()) ||
                   absl::IsNotFound(report.status())
               ? 64
               : 1;
  }
  std::printf(
      "%d cards issued, %d kept; PIN %s, to sign %s; synthetic and "
      "unofficial\n",
      report->issued, report->kept, psm::card::kDemoPin,
      psm::card::kDemoSignaturePin);
  return 0;
}
