// people.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/persona_file.h"
#include "mesh/cli/table.h"
#include "mesh/cli/verb.h"
#include "mesh/gateway/policy_loader.h"

namespace psm {
namespace {

absl::Status ShowPeople(const CommandLine& line, const std::string& as) {
  PSM_ASSIGN_OR_RETURN(LaunchOptions settings, ReadSettings(line.run));
  const RunFolder folder(line.run);
  PSM_ASSIGN_OR_RETURN(std::vector<seed::v1::Persona> personas,
                       ReadPersonas(folder));
  if (as.empty()) {
    Table table({"name", "person or business", "what for"});
    for (const auto& persona : personas)
      table.Add({persona.id(), persona.name(), persona.traits()});
    std::fputs(table.Text().c_str(), stdout);
    return absl::OkStatus();
  }
  PSM_ASSIGN_OR_RETURN(std::shared_ptr<const PolicyEngine> policy,
                       LoadPolicy(settings.configuration));
  const std::string agency_id = as.substr(0, as.find('/'));
  const Agency* agency = policy->directory().FindAgency(agency_id);
  if (agency == nullptr) {
    std::string known;
    for (const Agency* one : policy->directory().agencies())
      absl::StrAppend(&known, known.empty() ? "" : ", ", one->id);
    return absl::NotFoundError(
        absl::StrCat("no agency ", agency_id, "; there are ", known));
  }
  Table table({"name", absl::StrCat("code at ", agency->id), "what for"});
  for (const auto& persona : personas) {
    PSM_ASSIGN_OR_RETURN(std::string code, CodeAt(folder, *agency, persona));
    table.Add({persona.id(), code, persona.traits()});
  }
  std::fputs(table.Text().c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace

void AddPeople(CLI::App& app, CommandLine& line) {
  CLI::App* verb = app.add_subcommand(
      "people",
      "The synthetic people and businesses with a story (development only)");
  verb->footer(
      "Examples:\n  ./psm people\n  ./psm people --as accounts      with that "
      "agency's code of each");
  auto* as = new std::string;
  verb->add_option("--as", *as, "Show this agency's codes");
  verb->callback([&line, as] {
    line.chosen = [&line, as] { return ShowPeople(line, *as); };
  });
}

}  // namespace psm
