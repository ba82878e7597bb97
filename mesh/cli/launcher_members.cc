// Who is to be launched, and by which command.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/launcher.h"
#include "mesh/directory/configuration.h"
#include "mesh/directory/directory.h"
#include "mesh/directory/renewal_process.h"

namespace psm {
namespace {

namespace fs = std::filesystem;

// Where a `program` of the configuration lies: beside psm's own, or relative to
// the file that names it.
std::string ProgramPath(const LaunchOptions& options,
                        const Configuration& configuration,
                        const std::string& system, const std::string& program) {
  if (!absl::StrContains(program, "/"))
    return absl::StrCat(options.programs, "/", program);
  if (program.front() == '/') return program;
  for (const auto& [element, place] : configuration.origins) {
    if (element != absl::StrCat("system ", system)) continue;
    return (fs::path(place.substr(0, place.rfind(':'))).parent_path() / program)
        .lexically_normal()
        .string();
  }
  return program;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Launcher>> Launcher::Create(
    LaunchOptions options) {
  PSM_ASSIGN_OR_RETURN(Configuration configuration,
                       LoadConfiguration(options.configuration));
  std::unique_ptr<Launcher> launcher(new Launcher(std::move(options)));
  const LaunchOptions& given = launcher->options_;

  Member gateway{
      kGatewaySystem,
      {given.programs + "/psm-gateway", "--run", given.run, "--listen",
       absl::StrCat("127.0.0.1:", given.port), "--admin",
       absl::StrCat("127.0.0.1:", given.admin_port), "--kept-checkpoint",
       RunFolder(given.run).GatewaysCheckpoint(), "--development"}};
  for (const std::string& folder : given.configuration) {
    gateway.command.insert(gateway.command.end(), {"--config", folder});
  }
  launcher->members_.push_back(std::move(gateway));
  for (const config::v1::System& system : configuration.mesh.systems()) {
    Member member{system.id(), {}};
    if (!system.program().empty()) {
      member.command = {
          ProgramPath(given, configuration, system.id(), system.program()),
          "--system", system.id(), "--run", given.run};
    }
    launcher->members_.push_back(std::move(member));
  }
  launcher->members_.push_back(
      {kRenewalProcess,
       {given.programs + "/psm-pki", "renew", "--follow", "--run", given.run}});
  for (const Member& member : launcher->members_) {
    if (!member.command.empty() &&
        access(member.command.front().c_str(), X_OK) != 0) {
      return absl::NotFoundError(
          absl::StrCat(member.command.front(), ", the program of ", member.id,
                       ", is not there; build it first"));
    }
  }
  for (const std::string& system : given.without) {
    if (launcher->Find(system) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("no system ", system, "; psm status lists them"));
    }
  }
  return launcher;
}

const Launcher::Member* Launcher::Find(absl::string_view system) const {
  auto found = std::find_if(members_.begin(), members_.end(),
                            [&](const Member& m) { return m.id == system; });
  return found == members_.end() ? nullptr : &*found;
}

bool Launcher::LeftOut(absl::string_view system) const {
  return std::count(options_.without.begin(), options_.without.end(), system) >
         0;
}

}  // namespace psm
