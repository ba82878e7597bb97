// pki rotate-log: another key signs the record log from now on.
#include <poll.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "mesh/base/clock.h"
#include "mesh/base/status_macros.h"
#include "mesh/cli/audit_lines.h"
#include "mesh/cli/log_trust.h"
#include "mesh/cli/verb.h"
#include "mesh/directory/directory.h"
#include "mesh/records/log_key.h"
#include "mesh/records/tlog/log_verifier.h"

namespace psm {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

}  // namespace

// A gateway that runs takes the next key where it lies; whatever a crash leaves
// undone its next start does.
absl::Status RotateLogKey(const CommandLine& line) {
  PSM_RETURN_IF_ERROR(LockRunFolder(line.run));
  PSM_ASSIGN_OR_RETURN(const std::unique_ptr<Launcher> launcher,
                       OpenMesh(line));
  const RunFolder& folder = launcher->folder();
  PSM_ASSIGN_OR_RETURN(const LogKeys before,
                       ReadTrustedKeys(folder.LogVerifierKey()));
  const absl::Status begun =
      CreateNextLogKey(folder.LogKey(), LogOrigin(kMainLog));
  if (!begun.ok() && !absl::IsAlreadyExists(begun)) return begun;

  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + kPatience;
  while (std::filesystem::exists(NextLogKeyFile(folder.LogKey()))) {
    if (!launcher->States().front().running) {
      std::printf("The gateway changes the log's key when it starts.\n");
      return absl::OkStatus();
    }
    if (clock.Monotonic() >= deadline) {
      return absl::UnavailableError(
          "the gateway has not changed the log's key yet, and goes on trying; "
          "./psm logs mesh/gateway says why");
    }
    poll(nullptr, 0, 20);  // between two looks
  }
  PSM_ASSIGN_OR_RETURN(const LogKeys keys,
                       ReadTrustedKeys(folder.LogVerifierKey()));
  if (keys.rotations().size() <= before.rotations().size())
    return absl::AbortedError("somebody has taken the next key away");
  std::printf(
      "Record %s of the log names its new key; what was signed before stays "
      "good.\nWhoever trusts an older key is led on by %s/%s.\n",
      Grouped(keys.rotations().back().index).c_str(),
      folder.PublishedLog().c_str(), tlog::kKeysName);
  return absl::OkStatus();
}

}  // namespace psm
