// The checkpoint that an auditor keeps from one audit to the next.
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/folder_lock.h"
#include "mesh/base/status_macros.h"
#include "mesh/records/audit.h"

namespace psm {

absl::StatusOr<std::optional<KeptCheckpoint>> ReadKeptCheckpoint(
    const std::string& file, const LogKeys& log) {
  absl::StatusOr<std::string> bytes = ReadFile(file);
  if (absl::IsNotFound(bytes.status())) return std::nullopt;
  PSM_RETURN_IF_ERROR(bytes.status());
  absl::StatusOr<tlog::SignedCheckpoint> kept = log.Open(*bytes);
  if (!kept.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, " is not a checkpoint that ", log.origin(),
        " signed with this key: the key was changed since it was kept, or it "
        "is another log's"));
  }
  struct stat status;
  if (stat(file.c_str(), &status) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", file));
  }
  return KeptCheckpoint{*std::move(kept),
                        absl::TimeFromTimespec(status.st_mtim)};
}

absl::Status KeepCheckpoint(const std::string& file,
                            const AuditReport& report) {
  if (report.finding.has_value() || !report.checkpoint.has_value()) {
    return absl::FailedPreconditionError("the log does not hold");
  }
  const std::string folder = FolderOf(file);
  PSM_RETURN_IF_ERROR(MakeFolder(folder));
  PSM_ASSIGN_OR_RETURN(const FolderLock lock, FolderLock::Take(folder));
  PSM_ASSIGN_OR_RETURN(std::optional<KeptCheckpoint> kept,
                       ReadKeptCheckpoint(file, *report.keys));
  if (kept.has_value() && kept->checkpoint.size() > report.checkpoint->size()) {
    return absl::OkStatus();
  }
  return WriteWholeFile(file, report.checkpoint->ToText(), kPublic);
}

}  // namespace psm
