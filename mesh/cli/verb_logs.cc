// logs.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/follow_file.h"
#include "mesh/cli/interrupt.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string system;
  int lines = 20;
  bool follow = false;
};

// Of the systems that ever ran here, also where the configuration has an error
// by now; or of the one asked for. In the order of their names.
absl::StatusOr<std::vector<std::string>> SystemsWithLogs(
    const RunFolder& folder, const std::string& wanted) {
  std::vector<std::string> systems;
  std::string known;
  std::error_code none;
  for (fs::directory_iterator at(folder.root() + "/logs", none);
       !none && at != fs::directory_iterator(); at.increment(none)) {
    // agency.system.log
    std::string system = at->path().stem().string();
    const std::size_t dot = system.find('.');
    if (at->path().extension() != ".log" || dot == std::string::npos) continue;
    system[dot] = '/';
    systems.push_back(std::move(system));
  }
  std::sort(systems.begin(), systems.end());
  if (wanted.empty()) return systems;
  if (std::count(systems.begin(), systems.end(), wanted) > 0)
    return std::vector<std::string>{wanted};
  for (const std::string& system : systems)
    absl::StrAppend(&known, known.empty() ? "" : ", ", system);
  return absl::NotFoundError(absl::StrCat("no log of a system ", wanted,
                                          "; there are ",
                                          known.empty() ? "none" : known));
}

absl::Status ShowLogs(const CommandLine& line, const Options& options) {
  PSM_RETURN_IF_ERROR(ReadSettings(line.run).status());
  const RunFolder folder(line.run);
  PSM_ASSIGN_OR_RETURN(std::vector<std::string> systems,
                       SystemsWithLogs(folder, options.system));
  std::vector<std::string> files;
  std::size_t widest = 0;
  for (const std::string& system : systems) {
    files.push_back(folder.Log(system));
    widest = std::max(widest, system.size());
    if (systems.size() > 1) std::printf("== %s\n", system.c_str());
    std::printf("%s\n", LastLines(files.back(), options.lines).c_str());
  }
  if (!options.follow) return absl::OkStatus();
  std::fflush(stdout);
  ListenForInterrupts();
  return FollowFiles(
      files, interrupted, [&](std::size_t file, absl::string_view text) {
        if (systems.size() > 1)
          std::printf("%s  ", Pad(systems[file], widest).c_str());
        std::printf("%s\n", std::string(text).c_str());
        std::fflush(stdout);
      });
}

}  // namespace

void AddLogs(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "logs", "What the systems log: JSON lines, without personal data");
  verb->footer(
      "Examples:\n  ./psm logs                     the last lines of every "
      "system\n"
      "  ./psm logs -f                  follow all, each line with its system\n"
      "  ./psm logs mesh/gateway -f     follow one");
  auto* options = new Options;
  verb->add_option("SYSTEM", options->system, "agency/system; without it, all");
  verb->add_option("-n,--lines", options->lines, "Last lines of each")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  verb->add_flag("-f,--follow", options->follow,
                 "Go on as lines come; Ctrl-C ends it");
  verb->callback([&line, options] {
    line.chosen = [&line, options] { return ShowLogs(line, *options); };
  });
}

}  // namespace psm
