// psm-generate: fills a run folder with synthetic residents, businesses and
// personas.
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "mesh/base/clock.h"
#include "mesh/base/japan_time.h"
#include "mesh/base/status_macros.h"
#include "mesh/subjects/subject_code.h"
#include "services/generator/seed_files.h"
#include "services/generator/world.h"

namespace {

struct Flags {
  std::string run;
  std::string today;
  bool force = false;
  psm::WorldOptions world;
};

absl::Status Generate(Flags flags) {
  if (flags.today.empty()) {
    PSM_ASSIGN_OR_RETURN(const std::unique_ptr<psm::Clock> clock,
                         psm::ClockFromEnvironment());
    flags.world.today = psm::DayInJapan(clock->Now());
  } else if (!absl::ParseCivilTime(flags.today, &flags.world.today)) {
    return absl::InvalidArgumentError("--today: give YYYY-MM-DD");
  }
  PSM_ASSIGN_OR_RETURN(const psm::World world, psm::BuildWorld(flags.world));
  PSM_ASSIGN_OR_RETURN(const psm::SecretBytes key,
                       psm::ReadMasterKey(flags.run + "/keys/master.key"));
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<psm::SubjectScopes> scopes,
                       psm::SubjectScopes::Create(key));
  PSM_ASSIGN_OR_RETURN(const auto lines, psm::SeedLines(world, *scopes));
  PSM_ASSIGN_OR_RETURN(const std::string personas, psm::PersonaLines(world));
  return psm::WriteSeeds(flags.run, lines, personas, flags.force);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Writes the seed files of a run folder: synthetic residents and "
      "businesses, nobody real.\n"
      "Unofficial prototype, not connected with any public body. "
      "非公式の試作品です。いかなる公的機関とも関係ありません。");
  Flags flags;
  app.add_option("--run", flags.run, "the run folder")->required();
  app.add_option("--residents", flags.world.residents, "how many persons")
      ->capture_default_str();
  app.add_option("--businesses", flags.world.businesses, "how many businesses")
      ->capture_default_str();
  app.add_option("--seed", flags.world.seed, "the same seed, the same bytes")
      ->capture_default_str();
  app.add_option("--today", flags.today, "YYYY-MM-DD (default: in Japan)");
  app.add_flag("--force", flags.force, "replace the seeds that are there");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const absl::Status status = Generate(flags);
  if (status.ok()) return 0;
  std::cerr << "psm-generate: " << status.message() << "\n";
  return status.code() == absl::StatusCode::kInvalidArgument ? 64 : 1;
}
