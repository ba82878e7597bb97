#include "mesh/records/published_checkpoint.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mesh/base/status_macros.h"

namespace psm {
using In = AuditFinding::In;
using tlog::SignedCheckpoint;

AuditFinding NotTheLogs(const absl::Status& status, const LogKeys& log) {
  AuditFinding finding{In::kCheckpoint, std::nullopt, std::nullopt,
                       kCheckpointFile, std::string(status.message())};
  if (absl::IsPermissionDenied(status)) {
    finding.what = absl::StrCat(
        "is not signed by the key of ", log.origin(),
        log.rotations().empty() ? "" : " that signs trees of its size");
  }
  return finding;
}

absl::StatusOr<std::optional<AuditFinding>> FollowKeys(
    tlog::TileSource& source, absl::string_view checkpoint, LogKeys& keys) {
  AuditFinding finding{In::kKeys, std::nullopt, std::nullopt, tlog::kKeysName,
                       ""};
  const absl::StatusOr<std::string> shown = source.Read(tlog::kKeysName);
  if (!shown.ok() && !absl::IsNotFound(shown.status())) return shown.status();
  const std::vector<LogKeys::Rotation> known = keys.rotations();
  if (shown.ok()) {
    if (const auto followed = keys.Follow(*shown); !followed.ok()) {
      finding.what = std::string(followed.status().message());
      return finding;
    }
  }
  const auto published = keys.Open(checkpoint);
  if (!published.ok() || known.empty()) return std::nullopt;
  // It may still be about to show the newest.
  std::optional<std::uint64_t> needed, there;
  for (const LogKeys::Rotation& rotation : known) {
    if (rotation.index + 1 < published->size()) needed = rotation.index;
  }
  if (shown.ok()) {
    PSM_ASSIGN_OR_RETURN(const LogKeys others, LogKeys::FromText(*shown));
    if (!others.rotations().empty()) there = others.rotations().back().index;
  }
  if (!needed.has_value() || (there.has_value() && *there >= *needed))
    return std::nullopt;
  finding.first = finding.last = needed;
  finding.what = "the log does not show the key that it has changed to";
  return finding;
}

std::optional<AuditFinding> Compare(const SignedCheckpoint& published,
                                    const SignedCheckpoint& kept,
                                    absl::string_view when) {
  if (published.size() < kept.size()) {
    return AuditFinding{In::kHistory, published.size(), kept.size() - 1,
                        kCheckpointFile,
                        absl::StrCat("the log was rolled back: it had ",
                                     kept.size(), " entries when ", when,
                                     " and now shows ", published.size())};
  }
  if (published.size() == kept.size() && published.root() != kept.root()) {
    return AuditFinding{In::kHistory, std::nullopt, std::nullopt,
                        kCheckpointFile,
                        absl::StrCat("the log shows two histories: two roots "
                                     "are signed for ",
                                     kept.size(), " entries")};
  }
  return std::nullopt;
}

}  // namespace psm
