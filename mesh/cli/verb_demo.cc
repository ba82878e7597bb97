// demo: brings the mesh up, has the story told, and says what to try next.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/help_page.h"
#include "mesh/cli/interrupt.h"
#include "mesh/cli/verb.h"

namespace psm {
namespace {

std::string TellerOf(const CommandLine& line) {
  return line.programs + "/psm-story";
}

// One line a story: its name, its title. Empty where nobody can tell.
std::string StoriesOf(const CommandLine& line) {
  const std::string command =
      absl::StrCat("'", TellerOf(line), "' --list 2>/dev/null");
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string list;
  char bytes[512];
  while (std::size_t got = std::fread(bytes, 1, sizeof bytes, pipe)) {
    list.append(bytes, got);
  }
  pclose(pipe);
  return list;
}

// Told before anything is started.
absl::Status CheckStory(const CommandLine& line, const std::string& story) {
  const std::string list = StoriesOf(line);
  for (absl::string_view told : absl::StrSplit(list, '\n')) {
    if (story.empty() || story == "all" ||
        absl::StartsWith(told, absl::StrCat(story, " "))) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no story '", story, "'; there are\n", list));
}

// Runs the story with our terminal. Its exit code says whether every step was
// as told.
absl::Status TellStory(const CommandLine& line, const std::string& story) {
  const std::string program = TellerOf(line);
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot start a process");
  if (pid == 0) {
    const char* chosen = story.empty() ? nullptr : "--story";
    execl(program.c_str(), program.c_str(), "--run", line.run.c_str(), chosen,
          story.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  int result = 0;
  while (waitpid(pid, &result, 0) < 0) {
    if (errno != EINTR)
      return absl::ErrnoToStatus(errno, "cannot wait for the story");
    // Ctrl-C reaches it by itself, a signal to us alone does not.
    if (interrupted) kill(pid, SIGTERM);
  }
  if (WIFEXITED(result) && WEXITSTATUS(result) == 0) return absl::OkStatus();
  return absl::InternalError(
      "the story did not go as told; ./psm logs may say why");
}

// After the story, which has named commands to try.
void SayHowToGoOn(const CommandLine& line) {
  PrintWrapped(absl::StrCat(
      "\nEverything is stopped again. To try what was told above:\n"
      "  ./psm up                starts the same mesh again, and leaves it "
      "running\n"
      "  ./psm verify log        needs nothing running\n"
      "Everything it knows lies in ",
      line.run, "\n"));
}

absl::Status Demo(const CommandLine& line, const UpOptions& options,
                  const std::string& story, bool once) {
  PSM_RETURN_IF_ERROR(CheckStory(line, story));
  std::fprintf(stderr, "%s\n", kNotice);
  bool ours = true;
  std::unique_ptr<Launcher> launcher;
  if (absl::StatusOr<std::unique_ptr<Launcher>> running = OpenMesh(line);
      running.ok() && (*running)->States().front().running) {
    launcher = *std::move(running);
    ours = false;
  } else {
    PSM_ASSIGN_OR_RETURN(launcher, BringUp(line, options));
  }
  absl::Status told = TellStory(line, story);
  if (ours && interrupted) {
    PSM_RETURN_IF_ERROR(launcher->Stop());
    return absl::CancelledError("interrupted; everything is stopped again");
  }
  if (once) {
    if (ours) {
      told.Update(launcher->Stop());
      SayHowToGoOn(line);
    }
    return told;
  }
  PSM_RETURN_IF_ERROR(told);
  PrintWrapped(absl::StrCat(
      "\nThe mesh is still running. Try\n"
      "  ./psm people            who there is, and then   ./psm call --help\n"
      "  ./psm watch             in a second terminal, to see every exchange "
      "as it happens\n"
      "  ./psm down              to stop it; everything it knows lies in ",
      line.run, "\n"));
  return absl::OkStatus();
}

}  // namespace

void AddDemo(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand("demo",
                                      "Install, build, start everything, tell "
                                      "the story, leave the mesh running");
  verb->footer([&line] {
    return absl::StrCat(
        "Stories:\n", StoriesOf(line),
        "all        every one of them, one after another\n\n"
        "Examples:\n  ./psm demo\n"
        "  ./psm demo --story consent\n"
        "  ./psm demo --yes            installs what is missing without "
        "asking\n"
        "  ./psm demo --once --yes     stops everything afterwards; exit code "
        "1 "
        "if a step was not as told");
  });
  struct Options {
    UpOptions up;
    std::string story;
    bool once = false;
    bool yes = false;
  };
  auto* options = new Options;
  AddUpOptions(*verb, options->up);
  verb->add_option("--story", options->story,
                   "Which of the stories below (the first)");
  verb->add_flag("--once", options->once, "Stop everything after the story");
  verb->add_flag("--yes", options->yes,
                 "Do not ask before installing packages (seen by the script)");
  verb->callback([&line, options] {
    line.chosen = [&line, options] {
      return Demo(line, options->up, options->story, options->once);
    };
  });
}

}  // namespace psm
