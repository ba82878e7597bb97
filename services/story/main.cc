// psm-story: tells a story on a running mesh. Exit code 1 where a step did not
// go as told.
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "mesh/base/clock.h"
#include "mesh/cli/launcher.h"
#include "mesh/gateway/policy_loader.h"
#include "services/story/stories.h"

namespace {

// One line a story, for those who choose.
int List() {
  for (const psm::story::Story& story : psm::story::Stories()) {
    absl::PrintF("%-10s %s / %s\n", story.name, story.title_ja, story.title_en);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string run;
  std::string name(psm::story::Stories().front().name);
  bool list = false;
  CLI::App app(
      "Tells a story on a running mesh. Unofficial prototype (非公式の試作).");
  app.add_option("--run", run, "Run folder of the mesh");
  app.add_option("--story", name, "Which of them; \"all\" for one by one");
  app.add_flag("--list", list, "Only say which there are");
  CLI11_PARSE(app, argc, argv);
  if (list) return List();
  if (name != "all" && psm::story::FindStory(name) == nullptr) {
    std::fprintf(stderr, "psm-story: no story '%s'; --list says which\n",
                 name.c_str());
    return 64;
  }

  auto settings = psm::ReadSettings(run);
  auto policy = settings.ok() ? psm::LoadPolicy(settings->configuration)
                              : settings.status();
  if (!policy.ok()) {
    std::fprintf(stderr, "psm-story: %s\n",
                 std::string(policy.status().message()).c_str());
    return 1;
  }
  psm::story::Narrator narrator;
  const psm::SystemClock clock;
  psm::SystemCaller terminal(run, "portal/terminal", clock);
  psm::SystemCaller tax_office(run, "yunagi/tax", clock);
  psm::SystemCaller benefits(run, "akatsuki/benefits", clock);
  psm::story::Stage stage{narrator, psm::RunFolder(run), *std::move(policy),
                          terminal, tax_office,          benefits,
                          clock};
  for (const psm::story::Story& story : psm::story::Stories()) {
    if (name != "all" && name != story.name) continue;
    if (name == "all")
      narrator.Story(story.name, story.title_ja, story.title_en);
    stage.Begin();
    for (const psm::story::Scene& scene : story.scenes) scene(stage);
  }
  if (narrator.failures() == 0) return 0;
  std::printf("\n%d steps did not go as told.\n", narrator.failures());
  return 1;
}
