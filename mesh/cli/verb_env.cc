// env, pki.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/environment_lines.h"
#include "mesh/cli/verb.h"

namespace psm {

void AddEnv(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "env",
      "Variables for a client of your own: gateway, CA, certificate, key");
  verb->footer(
      "Examples:\n"
      "  eval \"$(./psm env portal/terminal --export)\"\n"
      "  buf curl --cacert $PSM_CA --cert $PSM_CERT --key $PSM_KEY "
      "--http2-prior-knowledge \\\n"
      "    https://$PSM_GATEWAY --list-services");
  struct Options {
    std::string system;
    bool exported = false;
  };
  auto* options = new Options;
  verb->add_option("SYSTEM", options->system,
                   "agency/system whose certificate to use")
      ->required();
  verb->add_flag("--export", options->exported,
                 "Write `export` in front of each line");
  verb->callback([&line, options] {
    line.chosen = [&line, options]() -> absl::Status {
      PSM_ASSIGN_OR_RETURN(std::unique_ptr<Launcher> launcher, OpenMesh(line));
      if (!std::filesystem::exists(
              launcher->folder().Certificates(options->system) + "/key.pem")) {
        return absl::NotFoundError(
            absl::StrCat("no certificate for ", options->system,
                         "; ./psm pki issue ", options->system, " makes one"));
      }
      std::string lines = EnvironmentLines(launcher->folder(), options->system);
      for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = lines.find('\n', at);
        std::printf("%s%s\n", options->exported ? "export " : "",
                    lines.substr(at, end - at).c_str());
        at = end + 1;
      }
      return absl::OkStatus();
    };
  });
}

void AddPki(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "pki", "Certificates of the mesh: issue, renew, rotate, revoke, show");
  verb->footer(
      "Verbs: init, issue, renew, rotate, revoke, retire, show. Each has "
      "--help.\nAnd rotate-log, which has none.\n"
      "Examples:\n  ./psm pki show\n"
      "  ./psm pki issue my-agency/my-system\n"
      "  ./psm pki rotate                  new root, intermediate and "
      "certificates, while it runs\n"
      "  ./psm pki rotate-log              another key signs the record log, "
      "while it runs\n"
      "  ./psm pki revoke akatsuki/tax     and its calls are refused\n"
      "  ./psm pki renew --help");
  // All that follows is psm-pki's, its options too.
  verb->allow_extras();
  verb->prefix_command();
  verb->fallthrough(false);
  verb->callback([&line, verb] {
    line.chosen = [&line, verb]() -> absl::Status {
      std::vector<std::string> words = verb->remaining();
      if (words == std::vector<std::string>{"rotate-log"})
        return RotateLogKey(line);
      const std::string program = line.programs + "/psm-pki";
      std::vector<std::string> command = {program};
      if (words.empty()) words = {"--help"};
      command.insert(command.end(), words.begin(), words.end());
      const bool wants_run =
          words.front().front() != '-' &&
          std::none_of(words.begin(), words.end(), [](const auto& word) {
            return word == "--run" || absl::StartsWith(word, "--run=");
          });
      if (wants_run) command.insert(command.begin() + 2, {"--run", line.run});
      std::vector<char*> arguments;
      for (std::string& word : command) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(program.c_str(), arguments.data());
      return absl::NotFoundError(
          absl::StrCat(program, " is not there; build it first"));
    };
  });
}

}  // namespace psm
