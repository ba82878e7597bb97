// psm-cli: the verbs of the root script `psm` that need a program.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "mesh/base/error.h"
#include "mesh/cli/help_page.h"
#include "mesh/cli/verb.h"

// In each verb's help, too, and taken behind the verb.
static void AddRunFolder(CLI::App& app, std::string& run) {
  app.add_option("--run", run,
                 "Run folder: all state of the mesh (default: $PSM_RUN)");
  for (CLI::App* verb : app.get_subcommands({})) AddRunFolder(*verb, run);
}

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  psm::CommandLine line;
  CLI::App app(
      std::string("psm: the Public Service Mesh (公共サービスメッシュ).\n") +
          psm::kNotice,
      "psm");
  app.formatter(psm::HelpPage());
  const char* run = std::getenv("PSM_RUN");
  line.run = run != nullptr ? run : ".run";
  app.require_subcommand(1);
  app.fallthrough();
  line.programs = fs::read_symlink("/proc/self/exe").parent_path().string();
  line.source_root = PSM_SOURCE_ROOT;
  for (auto add : {psm::AddUp, psm::AddDown, psm::AddStatus, psm::AddRestart,
                   psm::AddLogs, psm::AddDemo, psm::AddWatch, psm::AddPeople,
                   psm::AddRecords, psm::AddCheck, psm::AddCall, psm::AddEnv,
                   psm::AddPki, psm::AddVerify, psm::AddReconcile}) {
    add(app, line);
  }
  AddRunFolder(app, line.run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : psm::kUsage;
  }
  line.run = fs::absolute(line.run).lexically_normal().string();
  std::signal(SIGPIPE, SIG_IGN);
  absl::Status done = line.chosen();
  if (done.ok()) return 0;
  std::fflush(stdout);
  std::fprintf(stderr, "psm: %s\n", std::string(done.message()).c_str());
  const bool wrong = absl::IsInvalidArgument(done) ||
                     psm::ReasonOf(done) == "CONFIGURATION_NOT_FOUND";
  return wrong ? psm::kUsage : psm::kFailed;
}
