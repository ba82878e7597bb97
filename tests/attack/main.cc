// psm-attack: a mesh of its own, its gateway attacked in every way we know, and
// a table of what others noticed.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/descriptor_limit.h"
#include "mesh/base/log.h"
#include "tests/attack/report.h"
#include "tests/attack/siege.h"

namespace psm::attack {
namespace {

constexpr int kUsage = 64;

int Main(int argc, char** argv) {
  double alone = 3;
  double attacked = 12;
  std::vector<std::string> only;
  SiegeOptions options;
  CLI::App app(
      "Attacks the gateway of a mesh of its own and prints what others noticed "
      "of it. Unofficial prototype (非公式の試作).");
  app.add_option("--alone", alone, "Seconds measured before each attack")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  app.add_option("--seconds", attacked, "Of each attack")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  app.add_option("--callers", options.callers, "Calls of the honest under way")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--edge-limits", options.edge_limits,
                 "Fields of psm.config.v1.EdgeLimits, as text");
  app.add_option("attacks", only, "Names of attacks, or their beginning");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  options.alone = absl::Seconds(alone);
  options.attacked = absl::Seconds(attacked);

  InitLog("psm-attack");
  RaiseDescriptorLimit();
  const absl::StatusOr<std::unique_ptr<Siege>> siege = Siege::Begin(options);
  if (!siege.ok()) {
    std::fprintf(stderr, "psm-attack: %s\n", siege.status().ToString().c_str());
    return 1;
  }
  std::printf("%s", TableHead().c_str());
  std::string complaints;
  for (const Attack& attack : AllAttacks()) {
    bool wanted = only.empty();
    for (const std::string& name : only)
      wanted = wanted || absl::StartsWith(attack.name, name);
    if (!wanted) continue;
    const Figures figures = (*siege)->Play(attack);
    std::printf("%s", TableRow(attack, figures).c_str());
    std::fflush(stdout);
    const std::string complaint = Complaint(attack, figures, /*floor_ms=*/0);
    if (!complaint.empty())
      absl::StrAppend(&complaints, attack.name, ": ", complaint, "\n");
  }
  std::fprintf(stderr, "%s", complaints.c_str());
  return complaints.empty() ? 0 : 1;
}

}  // namespace
}  // namespace psm::attack

int main(int argc, char** argv) { return psm::attack::Main(argc, argv); }
