// psm-story: tells the once-only story on a running mesh. Exit code 1 where a
// step did not go as told.
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "mesh/base/clock.h"
#include "mesh/cli/launcher.h"
#include "mesh/gateway/policy_loader.h"
#include "services/story/stage.h"

int main(int argc, char** argv) {
  std::string run;
  CLI::App app(
      "Tells the once-only story on a running mesh. Unofficial prototype "
      "(非公式の試作).");
  app.add_option("--run", run, "Run folder of the mesh")->required();
  CLI11_PARSE(app, argc, argv);

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
                          terminal, tax_office,          benefits};
  for (auto scene :
       {psm::story::WithoutTheMesh, psm::story::WithTheMesh,
        psm::story::WhatARoomFears, psm::story::SomebodyElsesAccount,
        psm::story::ConsentAndWithdrawal, psm::story::TheCompanysForm,
        psm::story::TheDiskIsFull, psm::story::HerHistory,
        psm::story::TheAuditor}) {
    scene(stage);
  }
  if (narrator.failures() == 0) return 0;
  std::printf("\n%d steps did not go as told.\n", narrator.failures());
  return 1;
}
