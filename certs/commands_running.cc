#include "certs/commands_running.h"

#include <csignal>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "certs/mesh_authority.h"
#include "certs/renewal.h"
#include "certs/rotation.h"
#include "certs/running_mesh.h"
#include "certs/system_identity.h"
#include "mesh/base/log.h"
#include "mesh/base/status_macros.h"
#include "mesh/directory/directory.h"
#include "mesh/directory/renewal_process.h"

namespace psm::pki {
namespace {

// Whether `system` refuses whoever shows `identity`, or does not run.
bool Refuses(RunningMesh& mesh, const std::string& system,
             const SystemIdentity& identity) {
  const absl::StatusOr<EndpointAnswer> answer = mesh.Ask(system, identity);
  return answer.ok() ? !answer->accepted : absl::IsNotFound(answer.status());
}

}  // namespace

absl::Status RotateRunning(const std::string& run, bool keep_root,
                           absl::Duration patience, const Clock& clock,
                           std::ostream& out) {
  RotationOptions options;
  options.run = run;
  options.keep_root = keep_root;
  options.patience = patience;
  RunFolderMesh mesh(run);
  PSM_RETURN_IF_ERROR(
      RotateAll(options, clock, mesh, [&out](absl::string_view line) {
        out << line << "\n" << std::flush;
      }));
  out << "done\n";
  return absl::OkStatus();
}

absl::Status AwaitRefusal(const std::string& run,
                          const std::vector<std::string>& systems,
                          std::uint64_t list_number, absl::Duration patience,
                          const Clock& clock, std::ostream& out) {
  RunFolderMesh mesh(run);
  const absl::Duration deadline = clock.Monotonic() + patience;
  if (!mesh.Gateway().ok()) return absl::OkStatus();  // binds when it starts
  PSM_RETURN_IF_ERROR(AwaitLists(list_number, patience, clock, mesh));
  out << "the gateway has the lists in force\n" << std::flush;
  for (const std::string& system : systems) {
    const absl::StatusOr<SystemIdentity> identity =
        ReadIdentity(SystemFolder(run, system));
    if (!identity.ok()) continue;  // there is nothing to show
    std::vector<std::string> asked = {kGatewaySystem};
    if (system == kGatewaySystem) asked = mesh.Serving();
    for (const std::string& other : asked) {
      if (other == system) continue;
      while (!Refuses(mesh, other, *identity)) {
        if (clock.Monotonic() >= deadline) {
          return absl::DeadlineExceededError(
              absl::StrCat(other, " still accepts ", system, " after ",
                           absl::FormatDuration(patience),
                           "; its log may say why: psm logs ", other));
        }
        mesh.Pause();
      }
    }
    out << system << " is refused\n" << std::flush;
  }
  return absl::OkStatus();
}

absl::Status FollowRenewals(const std::string& run, const Clock& clock) {
  // Says at once, and not in a log, that there is nothing to renew here.
  PSM_RETURN_IF_ERROR(MeshAuthority::Open(run, clock).status());
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  InitLog(kRenewalProcess);
  LogInfo("following", {});
  RunFolderMesh mesh(run);
  Renewal renewal(run, clock, mesh);
  renewal.Follow([&stop](absl::Duration slice) {
    const timespec bound = absl::ToTimespec(slice);
    return sigtimedwait(&stop, nullptr, &bound) > 0;
  });
  LogInfo("stopped", {});
  return absl::OkStatus();
}

}  // namespace psm::pki
